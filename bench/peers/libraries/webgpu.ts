/** Gives libraries that are made for pages the GPU that poolwise finds in Node. */
import { create, globals } from "webgpu";
import { findAdapter } from "../../../src/backends/webgpu/open.ts";

/** Puts Dawn where a page has it: a library then takes the adapter that ours takes. Gives that adapter in words. */
export async function provideWebGpu(): Promise<string> {
  Object.assign(globalThis, globals);
  // An older Node has no navigator at all, and jax-js asks it for its name.
  if (!("navigator" in globalThis)) Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Node.js" } });
  Object.defineProperty(navigator, "gpu", { value: create([]) });
  // TensorFlow.js looks for WebGPU only where it sees a page or its worker.
  Object.defineProperty(globalThis, "WorkerGlobalScope", { value: EventTarget });
  const { adapter, description } = await findAdapter();
  if (!adapter) throw new Error("there is no adapter");
  return description;
}
