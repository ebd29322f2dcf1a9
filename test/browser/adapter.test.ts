import { expect, test } from "vitest";
import { testGpu } from "../support/gpu.ts";
import { squares } from "../support/squares.ts";

test("the browser gives the adapter it was started for", async () => {
  const adapter = await (await testGpu()).requestAdapter();
  expect(adapter?.info.architecture).toBe("swiftshader");
});

test("the adapter computes", async () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  expect(await squares(numbers)).toEqual(numbers.map((n) => n * n));
});
