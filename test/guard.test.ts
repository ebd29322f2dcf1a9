/** What waits for a device keeps nothing of it once it is done. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Gpu } from "../src/backends/webgpu/gpu.ts";
import { DeviceLostError } from "../src/errors.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A device that does nothing until it is lost. */
function idleDevice(): { device: GPUDevice; lose: () => void } {
  const loss = new EventTarget();
  const lost = new Promise((resolve) =>
    loss.addEventListener("loss", () => resolve({ reason: "unknown", message: "unplugged" })),
  );
  const device = { lost, addEventListener: () => {} } as unknown as GPUDevice;
  return { device, lose: () => loss.dispatchEvent(new Event("loss")) };
}

test("results can be let go while the device lasts", async () => {
  const gpu = new Gpu(idleDevice().device, false);
  const results: WeakRef<Float32Array>[] = [];
  for (let i = 0; i < 20; i++) {
    const result = await gpu.guard(Promise.resolve(new Float32Array(1000)));
    results.push(new WeakRef(result));
  }
  await new Promise((resolve) => setTimeout(resolve));
  collectGarbage();
  // The last may still be in a register.
  expect(results.filter((result) => result.deref()).length).toBeLessThanOrEqual(1);
});

test("a wait ends when the device is lost, as do those that begin later", async () => {
  const { device, lose } = idleDevice();
  const gpu = new Gpu(device, false);
  const waiting = gpu.guard(new Promise(() => {}));
  lose();
  await expect(waiting).rejects.toThrow(DeviceLostError);
  await expect(gpu.guard(new Promise(() => {}))).rejects.toThrow("the GPU device was lost (unplugged)");
  await expect(gpu.guard(Promise.reject(new Error("no such buffer")))).rejects.toThrow("unplugged");
});
