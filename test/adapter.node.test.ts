import { expect, test } from "vitest";
import { testGpu } from "./support/gpu.ts";
import { squares } from "./support/squares.ts";

test("Dawn gives the adapter that was asked for", async () => {
  const adapter = await (await testGpu()).requestAdapter();
  expect(adapter).not.toBeNull();
  const isSwiftShader = adapter!.info.architecture === "swiftshader";
  if (process.env.POOLWISE_TEST_ADAPTER === "swiftshader") expect(isSwiftShader).toBe(true);
  if (process.env.POOLWISE_TEST_ADAPTER === "system") expect(isSwiftShader).toBe(false);
});

test("the adapter computes", async () => {
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  expect(await squares(numbers)).toEqual(numbers.map((n) => n * n));
});
