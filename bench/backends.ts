/** The backends that there are to be timed, each with how fast it can read. */
import { findAdapter } from "../src/backends/webgpu/open.ts";
import { Gpu } from "../src/backends/webgpu/gpu.ts";
import { openEngine, type Engine } from "../src/engine.ts";
import { InputError } from "../src/errors.ts";
import { cpuReadCeiling, gpuReadCeiling } from "./ceilings.ts";

export const backendNames = ["cpu", "webgpu"] as const;
export type BackendName = (typeof backendNames)[number];

export interface Subject {
  readonly engine: Engine;
  /** A CPU that plays a GPU: it proves correctness, not speed. */
  readonly software: boolean;
  /** Bytes a second. */
  readCeiling(values: Float32Array): Promise<number>;
  close(): Promise<void>;
}

/** The backend, or why there is none. The CPU is always there. */
export function openSubject(name: BackendName): Promise<Subject | string> {
  return name === "cpu" ? openCpu() : openWebGpu();
}

async function openCpu(): Promise<Subject> {
  const engine = await openEngine({ backend: "cpu" });
  return {
    engine,
    software: false,
    readCeiling: async (values) => cpuReadCeiling(values),
    close: () => engine.close(),
  };
}

async function openWebGpu(): Promise<Subject | string> {
  try {
    const engine = await openEngine({ backend: "webgpu" });
    // The engine keeps its device to itself: the ceiling is taken on another one of the same adapter.
    const { adapter, adapterClass } = await findAdapter();
    if (!adapter) throw new Error("the adapter that the engine opened is gone");
    const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
    const requiredLimits = { maxStorageBufferBindingSize, maxBufferSize };
    const gpu = new Gpu(await adapter.requestDevice({ requiredLimits }), true);
    return {
      engine,
      software: adapterClass === "software",
      readCeiling: (values) => gpuReadCeiling(gpu, values),
      async close() {
        gpu.close();
        await engine.close();
      },
    };
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}
