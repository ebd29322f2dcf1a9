/** Finds an adapter, opens a device on it, and trusts it only after a kernel with a known answer has run. */
import { Pace } from "../../pace.ts";
import { DeviceLostError } from "../../errors.ts";
import { arraySource } from "../../matrix.ts";
import type { Strategy } from "../../strategy.ts";
import type { Backend } from "../backend.ts";
import { Gpu } from "./gpu.ts";
import { tunings, tuningWithin, type AdapterClass, type Tuning } from "./tuning.ts";
import { mayHaveVulkan } from "./vulkan.ts";
import { webgpuBackend } from "./webgpu.ts";

export interface FoundAdapter {
  readonly adapter: GPUAdapter | undefined;
  readonly adapterClass: AdapterClass;
  /** The adapter in words. */
  readonly description: string;
  /** Where it was looked for, and what was there. */
  readonly looked: string;
  /** How to get one. */
  readonly remedy: string;
}

/**
 * Dawn's entry object must stay referenced while a device lives, or the process aborts; and it must not be global, or
 * Node never exits.
 */
let dawn: GPU | undefined;

export async function findAdapter(): Promise<FoundAdapter> {
  const { gpu, looked, remedy } = await findGpu();
  const adapter = (await gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? undefined;
  const none = { adapter, adapterClass: "gpu" as const, description: "none", remedy };
  if (!adapter) return { ...none, looked: gpu ? `${looked} has no adapter` : looked };
  return { ...none, looked, description: describe(adapter.info), adapterClass: classOf(adapter.info) };
}

async function findGpu(): Promise<{ gpu: GPU | undefined; looked: string; remedy: string }> {
  if (globalThis.navigator?.gpu)
    return { gpu: navigator.gpu, looked: "navigator.gpu", remedy: "Check chrome://gpu, or use the cpu backend" };
  if (!globalThis.process?.versions?.node) {
    return {
      gpu: undefined,
      looked: "this browser has no navigator.gpu",
      remedy: "Use a browser with WebGPU, or the cpu backend",
    };
  }
  const remedy =
    "Install a Vulkan driver (Linux: your GPU's, or mesa-vulkan-drivers 25 or newer for a software one), or use --backend cpu";
  if (!mayHaveVulkan())
    return { gpu: undefined, looked: "Dawn (npm webgpu) needs a Vulkan driver, and vulkan/icd.d has none", remedy };
  try {
    // Named by a variable, so that a bundler does not carry Dawn into a page.
    const name = "webgpu";
    const { create } = (await import(/* @vite-ignore */ name)) as { create(flags: string[]): GPU };
    dawn ??= create([]);
    return { gpu: dawn, looked: "the npm package webgpu (Dawn)", remedy };
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    return {
      gpu: undefined,
      looked: `the npm package webgpu did not load (${reason})`,
      remedy: `Install it with npm install webgpu. ${remedy}`,
    };
  }
}

/** Opens a device of our own on an adapter, with its limits for large buffers. */
export async function openAdapter(
  { adapter, adapterClass, description }: FoundAdapter,
  room?: number,
): Promise<Backend> {
  const { maxStorageBufferBindingSize, maxBufferSize } = (adapter as GPUAdapter).limits;
  const device = await (adapter as GPUAdapter).requestDevice({
    requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
  });
  return proven(new Gpu(device, true), description, sizesWithin(tunings[adapterClass], room));
}

/** Opens a backend on the caller's device, with the sizes that fit its adapter unless some are given, in so many bytes. */
export async function openDevice(device: GPUDevice, { room, ...sizes }: Partial<Tuning> = {}): Promise<Backend> {
  const info = device.adapterInfo;
  const adapterClass = sizes.adapterClass ?? classOf(info);
  return proven(new Gpu(device, false), describe(info), sizesWithin({ ...tunings[adapterClass], ...sizes }, room));
}

const sizesWithin = (tuning: Tuning, room: number | undefined): Tuning =>
  room === undefined ? tuning : tuningWithin(tuning, room);

/** Runs the canary: a null device compiles everything and returns zeros. */
async function proven(gpu: Gpu, description: string, tuning: Tuning): Promise<Backend> {
  const backend = webgpuBackend(gpu, description, tuning);
  try {
    await runCanary(backend);
    return backend;
  } catch (error) {
    await backend.close();
    if (error instanceof DeviceLostError) throw error;
    throw new Error(`${description} failed its first kernel: ${(error as Error).message}`, { cause: error });
  }
}

/** The entropy kernel stands for all: rows whose answers are ln 2, 0 and ln 2 again. */
async function runCanary(backend: Backend): Promise<void> {
  const strategy: Strategy = {
    name: "entropy",
    about: "",
    formula: "",
    source: "",
    score: () => 0,
    range: () => [0, 1],
    bound: () => 0,
    sensitivity: () => 0,
  };
  const pool = backend.load({
    kind: "logits",
    source: arraySource("canary", new Float32Array([3, 3, 90, -90, -1, -1]), 3, 2),
  });
  const values: number[] = [];
  const options = { temperature: 1, seed: 0, passes: 1, dropout: 0, eglLayers: "all", pace: new Pace() } as const;
  await pool.scores([strategy], options, (_, [scores]) => void values.push(...scores));
  pool.close();
  const expected = [Math.LN2, 0, Math.LN2];
  if (!expected.every((value, row) => Math.abs(values[row] - value) < 1e-5)) {
    throw new Error(`entropies ${values.join(", ")} where ${expected.map((v) => v.toFixed(4)).join(", ")} are right`);
  }
}

function describe(info: GPUAdapterInfo | undefined): string {
  if (!info) return "an unnamed adapter";
  return (
    info.description ||
    info.device ||
    [info.vendor, info.architecture].filter(Boolean).join(" ") ||
    "an unnamed adapter"
  );
}

/** Fallback adapters say so; lavapipe, SwiftShader and WARP are known by name where an older browser does not. */
function classOf(info: GPUAdapterInfo | undefined): AdapterClass {
  const words = [info?.vendor, info?.architecture, info?.device, info?.description].join(" ").toLowerCase();
  const software = info?.isFallbackAdapter || /llvmpipe|lavapipe|swiftshader|software|basic render/.test(words);
  return software ? "software" : "gpu";
}
