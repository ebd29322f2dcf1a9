/** What work on a pool needs of memory, before it starts, and what it may take. */
import type { BatchRule } from "./batches/batch.ts";
import type { DeviceNeeds, DeviceWork, PoolInput } from "./backends/backend.ts";
import { InputError } from "./errors.ts";
import { mustPage, type PoolPoints } from "./points.ts";
import type { Strategy } from "./strategy.ts";

/** Most bytes, of memory here (all that the process has) and on a device. */
export interface MemoryBudget {
  /**
   * Embeddings that do not fit are read a page at a time; work that needs more all the same is refused. Default: embeddings
   * may take half of what is free, and nothing is refused.
   */
  host?: number;
  /**
   * Of each pool. Past it, rows are read anew for each pass, and embeddings brought to the device by each sweep. Default:
   * no bound.
   */
  device?: number;
}

/** Bytes that work is estimated to take at most. */
export interface MemoryNeeds {
  /** Of this process, all that it has already among them where that is known (in Node). */
  readonly host: number;
  readonly device: number;
  /** Whether embeddings are held in memory or paged in, where they are used. */
  readonly embeddings?: "held" | "paged";
}

/** A device budget has to leave a chunk of everything. */
const LEAST_DEVICE = 16e6;

/** @throws InputError where it is no budget */
export function checkBudget(budget: MemoryBudget): void {
  const known = ["host", "device"];
  const unknown = Object.keys(Object(budget)).find((key) => !known.includes(key));
  if (typeof budget !== "object" || budget === null || unknown !== undefined)
    throw new InputError(
      `memory must be { host, device } in bytes, either or both, got ${unknown ?? String(budget)}: as { host: 4e8 }`,
    );
  for (const [part, least] of [
    ["host", 1],
    ["device", LEAST_DEVICE],
  ] as const) {
    const bytes = budget[part];
    if (bytes !== undefined && !(typeof bytes === "number" && bytes >= least))
      throw new InputError(`memory.${part} must be a number of bytes of at least ${least}, got ${String(bytes)}`);
  }
}

/** Bytes a row, measured and rounded up: of rows that are left out, and of densities. */
const A_ROW = { taken: 0.25, density: 120 };
/** Chunks, modules and what the collector has not seen to yet. */
const BESIDE = 32e6;
/** Pages to begin with, and what is left where there are more. */
const LEAST_PAGES = 2 ** 24;
const PAGES_MARGIN = 2 ** 24;

/** A rule, whose scores may be weighed by density, or scoring by strategies. */
export interface PlannedWork {
  readonly rule?: BatchRule;
  readonly density?: boolean;
  readonly strategies?: readonly Strategy[];
  /** Whether scores are given away block by block. */
  readonly inBlocks?: boolean;
}

/** What a rule, or scoring by so many strategies, leaves for embeddings in memory, beside all else that it takes. */
export interface Plan {
  readonly needs: MemoryNeeds;
  /** Bytes that embeddings may take in memory. */
  readonly embeddings: number;
}

/** @throws InputError where it needs more than its budget */
export function planFor(
  input: PoolInput,
  points: PoolPoints | undefined,
  work: PlannedWork,
  budget: MemoryBudget,
  deviceNeeds: ((work: DeviceWork) => DeviceNeeds) | undefined,
): Plan {
  const { rule, strategies = [], density = false } = work;
  const measures = density || (rule?.needs.includes("embeddings") ?? false);
  const onDevice = deviceNeeds?.({ strategies: Math.max(1, strategies.length), measures }) ?? { device: 0, host: 0 };
  const held = heldScores(work, onDevice.device > 0);
  const aRow = A_ROW.taken + 4 * held + (rule?.rowBytes ?? 0) + (density ? A_ROW.density : 0);
  const own = ownBytes() - (points?.held ?? 0) + BESIDE + onDevice.host + input.source.rows * aRow;
  const { embeddings } = input;
  if (!measures || !embeddings) return { needs: checked(own, onDevice.device, budget, rule), embeddings: 0 };
  const left = budget.host === undefined ? freeBytes() / 2 : Math.max(0, budget.host - own);
  const all = embeddings.data ? 0 : 4 * embeddings.rows * embeddings.cols;
  const paged = points && points.held > 0 ? points.isPaged : mustPage(embeddings, left);
  const taken = points?.held || (paged ? Math.max(LEAST_PAGES, Math.min(left - PAGES_MARGIN, all / 4)) : all);
  return {
    needs: { ...checked(own + taken, onDevice.device, budget, rule), embeddings: paged ? "paged" : "held" },
    embeddings: taken,
  };
}

function checked(host: number, device: number, budget: MemoryBudget, rule: BatchRule | undefined): MemoryNeeds {
  if (budget.host !== undefined && host > budget.host)
    throw new InputError(
      `${rule ? `${rule.name} needs` : "scores of all rows need"} about ${megabytes(host)} of memory, and may take ${megabytes(budget.host)}: give it more (memory.host)`,
    );
  return { host: Math.round(host), device: Math.round(device) };
}

/** 12345678 → "12 MB". */
const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString("en-US")} MB`;

/** Scores of all rows that are held at a time. */
function heldScores({ strategies = [], inBlocks = false }: PlannedWork, onDevice: boolean): number {
  if (!inBlocks) return strategies.length;
  // A device makes gradients in a pass of their own, and what the first pass found is held until then.
  const plain = strategies.filter(({ needs }) => needs !== "gradients").length;
  return onDevice && plain < strategies.length ? plain : 0;
}

/** What the process has: code and drivers, and what JavaScript holds. In a page, which cannot know, nothing. */
function ownBytes(): number {
  const { rss, heapTotal, external } = globalThis.process?.memoryUsage?.() ?? { rss: 0, heapTotal: 0, external: 0 };
  // What was let go of counts as resident for long, and is taken first where more is wanted.
  return Math.min(rss, nativeBytes + heapTotal + external);
}

/** Of the process beside JavaScript's: code, at first. */
let nativeBytes = nativeNow();

function nativeNow(): number {
  const { rss, heapTotal, external } = globalThis.process?.memoryUsage?.() ?? { rss: 0, heapTotal: 0, external: 0 };
  return rss - heapTotal - external;
}

/** Opens a device, whose drivers count as code from then on. */
export async function withDrivers<T>(open: () => Promise<T>): Promise<T> {
  const before = nativeNow();
  const opened = await open();
  nativeBytes += Math.max(0, nativeNow() - before);
  return opened;
}

/** What is free on the machine, as far as that is known. */
function freeBytes(): number {
  const { process } = globalThis;
  return process?.availableMemory?.() ?? process?.getBuiltinModule?.("node:os")?.freemem() ?? Infinity;
}
