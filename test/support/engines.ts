/** The engines that every assertion holds for. No node: imports here, the browser loads this file too. */
import type { Backend, PoolInput } from "../../src/backends/backend.ts";
import { cpuBackend } from "../../src/backends/cpu/cpu.ts";
import { openDevice } from "../../src/backends/webgpu/open.ts";
import type { Tuning } from "../../src/backends/webgpu/tuning.ts";
import { Engine } from "../../src/engine.ts";
import { testDevice } from "./gpu.ts";
import { textbookBackend } from "./textbook.ts";

/** Few workgroups, so that rows are taken in strides and a software adapter is not kept busy with emptying histograms. */
const maxGroups = 8;
/** More than most machines have cores that are free: they finish in no order. */
const THREADS = 3;
/** Distances of ten thousand rows from a hundred centres: smaller pools are picked from without groups. */
const LARGE = 2 ** 20;
const small = { chunkBytes: 2 ** 16, scratchBytes: 2 ** 18, segmentBytes: 2 ** 16, maxGroups };

export const engineKinds: Record<string, Partial<Tuning> | undefined> = {
  cpu: undefined,
  "webgpu, frames for a GPU": { adapterClass: "gpu", maxGroups, chunksASubmit: 3 },
  "webgpu, frames for software": { adapterClass: "software", maxGroups },
  "webgpu, small chunks": { adapterClass: "gpu", ...small, chunksASubmit: 2, pointBytes: 2 ** 13 },
  "webgpu, nothing resident": { adapterClass: "software", ...small, residentBytes: 0 },
};

export type EngineKind = string;
export const engineNames = Object.keys(engineKinds);

let device: Promise<GPUDevice> | undefined;

/** An engine of one kind. */
export async function openTestEngine(kind: EngineKind): Promise<Engine> {
  return new Engine(await openTestBackend(engineKinds[kind]), "test");
}

/** What the others are held against. */
export const openReference = async (): Promise<Engine> => new Engine(textbookBackend(), "test");

/** A backend of these sizes, or the CPU's where there are none. WebGPU backends of a test file share one device. */
export async function openTestBackend(sizes: Partial<Tuning> | undefined): Promise<Backend> {
  if (!sizes) return inGroups(await cpuBackend(THREADS, () => "test"), 0);
  const backend = await openDevice(await (device ??= testDevice()), sizes);
  return inGroups(backend, sizes.scratchBytes ? 0 : LARGE);
}

/** The backend itself, whose pools put their rows into groups from so many distances on, which is fewer than usual. */
function inGroups(backend: Backend, groupsFrom: number): Backend {
  const load = backend.load.bind(backend);
  return Object.assign(backend, { load: (input: PoolInput) => Object.assign(load(input), { groupsFrom }) });
}
