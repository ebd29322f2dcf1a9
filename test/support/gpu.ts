/** The WebGPU of wherever the tests run. No node: imports here, the browser loads this file too. */

let gpu: Promise<GPU> | undefined;

/** `navigator.gpu` in a browser, Dawn in Node. Throws where there is none: without a device a test fails, never skips. */
export function testGpu(): Promise<GPU> {
  // Kept for the life of the module: Dawn aborts the process when its GPU object is collected while a device lives.
  return (gpu ??= typeof window === "undefined" ? dawn() : browser());
}

async function browser(): Promise<GPU> {
  if (!navigator.gpu) throw new Error("this browser has no WebGPU: was it started with --enable-unsafe-webgpu?");
  return navigator.gpu;
}

async function dawn(): Promise<GPU> {
  const name = "webgpu"; // a variable, so that vite does not follow it into Node's addon when it builds for the browser
  const { create, globals } = (await import(/* @vite-ignore */ name)) as typeof import("webgpu");
  Object.assign(globalThis, globals);
  return create([]);
}

/** A device of the adapter under test, with its default limits. The caller destroys it. */
export async function testDevice(): Promise<GPUDevice> {
  const adapter = await (await testGpu()).requestAdapter();
  if (!adapter)
    throw new Error("no WebGPU adapter: tests need one, software is fine (POOLWISE_TEST_ADAPTER=swiftshader)");
  return adapter.requestDevice();
}
