/** The backends that there are to be timed, each with its ceilings. */
import { findAdapter } from "../backends/webgpu/open.ts";
import { Gpu } from "../backends/webgpu/gpu.ts";
import type { AdapterClass } from "../backends/webgpu/tuning.ts";
import { openEngine, type Engine } from "../engine.ts";
import { InputError } from "../errors.ts";
import { CpuCeilings } from "./ceilings/cpu.ts";
import { cpuTransfers } from "./ceilings/cpuTransfers.ts";
import { gpuExpCeiling, gpuMultiplyAddCeiling, gpuReadCeiling } from "./ceilings/gpu.ts";
import { gpuTransfers } from "./ceilings/gpuTransfers.ts";
import type { Ceilings, Transfers } from "./floor.ts";

export const backendNames = ["cpu", "webgpu"] as const;
export type BackendName = (typeof backendNames)[number];

export interface Subject {
  readonly engine: Engine;
  /** A CPU that plays a GPU: it proves correctness, not speed. */
  readonly software: boolean;
  /** Reading is over these values; arithmetic, the same for all, is measured once. */
  ceilings(values: Float32Array): Promise<Ceilings>;
  transfers(): Promise<Transfers>;
  close(): Promise<void>;
}

/** The backend, or why there is none. The CPU is always there, with `threads` of them or as many as it takes by itself. */
export function openSubject(name: BackendName, threads?: number): Promise<Subject | string> {
  return name === "cpu" ? openCpu(threads) : openWebGpu();
}

async function openCpu(threads: number | undefined): Promise<Subject> {
  const engine = await openEngine({ backend: "cpu", threads });
  let ceilings: Promise<CpuCeilings> | undefined; // their threads are begun when first asked for
  return {
    engine,
    software: false,
    ceilings: async (values) => (await (ceilings ??= CpuCeilings.open(engine.threads))).of(values.byteLength),
    transfers: () => cpuTransfers(engine.threads),
    async close() {
      await (await ceilings)?.close();
      await engine.close();
    },
  };
}

async function openWebGpu(): Promise<Subject | string> {
  try {
    const engine = await openEngine({ backend: "webgpu" });
    const { gpu, adapterClass } = await openGpu();
    const arithmetic = once(async () => ({
      multiplyAdds: await gpuMultiplyAddCeiling(gpu),
      exps: await gpuExpCeiling(gpu),
    }));
    return {
      engine,
      software: adapterClass === "software",
      ceilings: async (values) => ({ bytes: await gpuReadCeiling(gpu, values), ...(await arithmetic()) }),
      transfers: () => gpuTransfers(gpu),
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

/** An engine keeps its device to itself: this is another one of the same adapter. */
export async function openGpu(): Promise<{ gpu: Gpu; adapterClass: AdapterClass }> {
  const { adapter, adapterClass } = await findAdapter();
  if (!adapter) throw new Error("the adapter that the engine opened is gone");
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const requiredLimits = { maxStorageBufferBindingSize, maxBufferSize };
  return { gpu: new Gpu(await adapter.requestDevice({ requiredLimits }), true), adapterClass };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => (done ??= work());
}
