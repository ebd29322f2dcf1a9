/** A device that compiles everything and computes nothing is no device. */
import { expect, test } from "vitest";
import { create } from "webgpu";
import { openEngine } from "../src/index.ts";

test("Dawn's null backend is found out when the engine opens", async () => {
  const gpu = create(["backend=null"]);
  const device = await (await gpu.requestAdapter())!.requestDevice();
  await expect(openEngine({ device })).rejects.toThrow(
    /^null-backend failed its first kernel: entropies .* where 0\.6931/,
  );
  device.destroy();
});
