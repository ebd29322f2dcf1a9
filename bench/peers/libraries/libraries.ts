/** The libraries that run in Node, by what they are called in tables. A new one is a file beside this, and a line. */
import type { Library } from "../task.ts";
import { provideWebGpu } from "./webgpu.ts";

export interface Opened extends Library {
  /** In words, of one that computes on a GPU. */
  readonly adapter?: string;
}

/** Each is imported when it is asked for alone. */
export const opening: { readonly [library: string]: () => Promise<Opened> } = {
  "tfjs-wasm": async () => (await import("./tfjs.ts")).openTfjs("wasm"),
  "tfjs-webgpu": () => onWebGpu(async () => (await import("./tfjs.ts")).openTfjs("webgpu")),
  "jax-js-wasm": async () => (await import("./jax.ts")).openJax("wasm"),
  "jax-js-webgpu": () => onWebGpu(async () => (await import("./jax.ts")).openJax("webgpu")),
  "onnxruntime-web": async () => (await import("./onnx.ts")).openOnnx(),
  "ml-kmeans": async () => (await import("./mlKmeans.ts")).openMlKmeans(),
};

async function onWebGpu(open: () => Promise<Library>): Promise<Opened> {
  const adapter = await provideWebGpu();
  return { ...(await open()), adapter };
}
