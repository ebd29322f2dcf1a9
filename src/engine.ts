/// <reference types="@webgpu/types" preserve="true" />
/** Opens a backend, owns its lifetime, and loads pools onto it. */
import type { Backend } from "./backends/backend.ts";
import { cpuBackend } from "./backends/cpu/cpu.ts";
import { InputError, mendable } from "./errors.ts";
import { checkBudget, withDrivers, type MemoryBudget } from "./memory.ts";
import { Pool, type InvalidPolicy } from "./pool.ts";
import { inputOf, NOTHING_TO_LOAD, type PoolData } from "./poolInput.ts";
import type { Trainer, TrainerSetup } from "./trainer.ts";
import { pointStorages, type PointStorage } from "./vectors.ts";

export interface EngineOptions {
  /**
   * `auto` takes a real GPU where there is one and the CPU otherwise; a software GPU is slower than the CPU backend and
   * is used only when `webgpu` is asked for. Default `auto`.
   */
  backend?: "auto" | "cpu" | "webgpu";
  /** A device of the caller's own, used and never destroyed. */
  device?: GPUDevice;
  /**
   * Threads of the CPU backend, this one included: they start when there is work for them. Results are the same for any
   * number. Default: as many as there are cores; 1 in a page that is not cross-origin isolated.
   */
  threads?: number;
  /** What work may take of memory. */
  memory?: MemoryBudget;
}

type Asked = EngineOptions & Required<Pick<EngineOptions, "memory" | "threads">>;

/** More than any machine has; each takes some memory of its own. */
export const MOST_THREADS = 256;

interface LoadOptions {
  /** What becomes of rows that hold NaN, an infinity, or no probabilities. Default `error`. */
  invalid?: InvalidPolicy;
  /** How a device keeps embeddings: picks are the same. Default `float32`. */
  storage?: PointStorage;
}

/** A backend that is open. Close it when done; `await using` does so by itself. */
export class Engine {
  readonly backend: "cpu" | "webgpu";
  /** The processor or adapter, in words. */
  readonly adapter: string;
  /** Threads that compute, this one included; 1 where a device does. */
  readonly threads: number;
  /** Why this backend was chosen. */
  readonly reason: string;
  private readonly opened: Backend;
  private readonly memory: MemoryBudget;
  private readonly pools = new Set<Pool>();
  private closed = false;

  /** Made by `openEngine`. */
  constructor(backend: Backend, reason: string, memory: MemoryBudget = {}) {
    this.backend = backend.name;
    this.adapter = backend.adapter;
    this.threads = backend.threads;
    this.reason = reason;
    this.opened = backend;
    this.memory = memory;
  }

  /**
   * Makes a pool of predictions, of features under a head, or of scores. Shapes are checked here; values are read
   * on first use, a chunk at a time, and stay on the device where they fit.
   *
   * @throws InputError when sizes and data disagree, the head does not fit the features, or there is not enough memory
   */
  async load(data: PoolData & LoadOptions): Promise<Pool> {
    if (data === null || typeof data !== "object") throw new InputError(NOTHING_TO_LOAD);
    this.checkOpen();
    const { invalid = "error", storage = "float32" } = data;
    if (invalid !== "error" && invalid !== "skip")
      throw new InputError(`invalid must be error or skip, got ${String(invalid)}`);
    if (!pointStorages.includes(storage))
      throw new InputError(`unknown storage "${String(storage)}": known are ${pointStorages.join(", ")}`);
    try {
      const input = { ...inputOf(data), storage };
      const pool = new Pool(this.opened, input, { invalid, memory: this.memory }, () => this.pools.delete(pool));
      this.pools.add(pool);
      return pool;
    } catch (error) {
      throw mendable(error);
    }
  }

  /**
   * For models, which users give their engine to: a trainer on the device, or undefined where the backend has none.
   *
   * @internal
   */
  async train(setup: TrainerSetup): Promise<Trainer | undefined> {
    this.checkOpen();
    return this.opened.train?.(setup);
  }

  private checkOpen(): void {
    if (this.closed) throw new InputError("the engine is closed: open a new one");
  }

  /** Closes every pool, waits for calls that this ends, and closes the backend. A device of the caller's own stays open. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const pools = [...this.pools];
    for (const pool of pools) pool.close();
    await Promise.all(pools.map((pool) => pool.released));
    await this.opened.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Opens an engine.
 *
 * @throws InputError when `webgpu` is asked for and there is none: says what was looked for
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { memory = {}, threads = coresHere() } = options;
  checkBudget(memory);
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS)
    throw new InputError(`threads must be a whole number from 1 to ${MOST_THREADS}, got ${threads}`);
  return withDrivers(() => open({ ...options, memory, threads }));
}

async function open({ backend = "auto", device, memory, threads }: Asked): Promise<Engine> {
  const openCpu = async (reason: string): Promise<Engine> =>
    new Engine(await cpuBackend(threads, describeCpu), reason, memory);
  if (backend === "cpu") {
    if (device) throw new InputError("a device was given, but backend is cpu: leave one of them out");
    return openCpu("asked for");
  }
  if (backend !== "auto" && backend !== "webgpu") {
    throw new InputError(`unknown backend "${String(backend)}": known are auto, cpu, webgpu`);
  }
  // Loaded only when wanted: a process that asks for the CPU never touches WebGPU.
  const { findAdapter, openAdapter, openDevice } = await import("./backends/webgpu/open.ts");
  if (device) return new Engine(await openDevice(device, { room: memory.device }), "a device was given", memory);
  const found = await findAdapter();
  if (backend === "webgpu") {
    if (!found.adapter) throw new InputError(`no WebGPU adapter: ${found.looked}. ${found.remedy}`);
    return new Engine(await openAdapter(found, memory.device), "asked for", memory);
  }
  if (!found.adapter) return openCpu(`no GPU: ${found.looked}`);
  if (found.adapterClass === "software") {
    return openCpu(`the only adapter is software (${found.description}), slower than the cpu backend`);
  }
  try {
    return new Engine(await openAdapter(found, memory.device), "a real GPU", memory);
  } catch (error) {
    return openCpu(`${found.description} did not open: ${(error as Error).message}`);
  }
}

const os = globalThis.process?.getBuiltinModule?.("node:os");

/** The processor's own name where the platform tells it, and how many threads there are, which may be fewer than asked for. */
function describeCpu(threads: number): string {
  const model = os?.cpus()[0]?.model.trim();
  const cores = coresHere();
  return `${model ? `${model}, ` : ""}${counted(threads, "thread")} on ${counted(cores, "core")}`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** As far as the platform tells. */
function coresHere(): number {
  return Math.min(os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1, MOST_THREADS);
}
