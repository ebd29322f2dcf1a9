/// <reference types="@webgpu/types" preserve="true" />
/** Opens a backend, owns its lifetime, and loads pools onto it. */
import type { Backend } from "./backends/backend.ts";
import { cpuBackend } from "./backends/cpu/cpu.ts";
import { InputError } from "./errors.ts";
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
  /** What work may take of memory. */
  memory?: MemoryBudget;
}

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
    this.reason = reason;
    this.opened = backend;
    this.memory = memory;
  }

  /**
   * Makes a pool of predictions, of features under a head, or of scores. Shapes are checked here; values are read
   * on first use, a chunk at a time, and stay on the device where they fit.
   *
   * @throws InputError when sizes and data disagree, or the head does not fit the features
   */
  async load(data: PoolData & LoadOptions): Promise<Pool> {
    if (data === null || typeof data !== "object") throw new InputError(NOTHING_TO_LOAD);
    this.checkOpen();
    const { invalid = "error", storage = "float32" } = data;
    if (invalid !== "error" && invalid !== "skip")
      throw new InputError(`invalid must be error or skip, got ${String(invalid)}`);
    if (!pointStorages.includes(storage))
      throw new InputError(`unknown storage "${String(storage)}": known are ${pointStorages.join(", ")}`);
    const input = { ...inputOf(data), storage };
    const pool = new Pool(this.opened, input, { invalid, memory: this.memory }, () => this.pools.delete(pool));
    this.pools.add(pool);
    return pool;
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
  const { memory = {} } = options;
  checkBudget(memory);
  return withDrivers(() => open({ ...options, memory }));
}

async function open({ backend = "auto", device, memory = {} }: EngineOptions): Promise<Engine> {
  if (backend === "cpu") {
    if (device) throw new InputError("a device was given, but backend is cpu: leave one of them out");
    return new Engine(cpuBackend(describeCpu()), "asked for", memory);
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
  if (!found.adapter) return new Engine(cpuBackend(describeCpu()), `no GPU: ${found.looked}`, memory);
  if (found.adapterClass === "software") {
    return new Engine(
      cpuBackend(describeCpu()),
      `the only adapter is software (${found.description}), slower than the cpu backend`,
      memory,
    );
  }
  try {
    return new Engine(await openAdapter(found, memory.device), "a real GPU", memory);
  } catch (error) {
    return new Engine(
      cpuBackend(describeCpu()),
      `${found.description} did not open: ${(error as Error).message}`,
      memory,
    );
  }
}

/** The processor's own name where the platform tells it. */
function describeCpu(): string {
  const os = globalThis.process?.getBuiltinModule?.("node:os");
  const cpus = os?.cpus() ?? [];
  if (cpus.length > 0) return `${cpus[0].model.trim()}, 1 of ${cpus.length} threads`;
  return "1 thread";
}
