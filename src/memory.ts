/** What work on a pool needs of memory, before it starts, and what it may take. */
import type { BatchRule } from "./batches/batch.ts";
import type { DeviceNeeds, DeviceWork, PoolInput } from "./backends/backend.ts";
import { InputError } from "./errors.ts";
import { mustPage, type PoolPoints } from "./points.ts";

/** Most bytes, of memory here (all that the process has) and on a device. */
export interface MemoryBudget {
  /**
   * Embeddings that do not fit are read a page at a time; work that needs more all the same is refused. Default: embeddings
   * may take half of what is free, and nothing is refused.
   */
  host?: number;
  /** Past it, rows are read anew for each pass, and embeddings brought to the device by each sweep. Default: no bound. */
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
  for (const [part, least] of [
    ["host", 1],
    ["device", LEAST_DEVICE],
  ] as const) {
    const bytes = budget[part];
    if (bytes !== undefined && !(bytes >= least))
      throw new InputError(`memory.${part} must be a number of bytes of at least ${least}, got ${bytes}`);
  }
}

/** Bytes a row, measured (bench/scale.ts) and rounded up: rows that are left out; scores and their bounds; what is known of distances. */
const A_ROW = { taken: 0.25, scores: 64, distances: 76 };
/** Chunks, modules and what the collector has not seen to yet. */
const BESIDE = 32e6;
/** Pages to begin with. */
const LEAST_PAGES = 2 ** 24;

/** A rule, whose scores may be weighed by density, or scoring by so many strategies. */
export interface PlannedWork {
  readonly rule?: BatchRule;
  readonly density?: boolean;
  readonly strategies?: number;
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
  deviceNeeds: (work: DeviceWork) => DeviceNeeds,
): Plan {
  const { rule, strategies = 1, density = false, inBlocks = false } = work;
  const { rows } = input.source;
  const measures = density || (rule?.needs.includes("embeddings") ?? false);
  const ranksAll = density || (rule?.needs.includes("scores") === true && rule.name !== "top-k");
  const onDevice = deviceNeeds({ strategies, measures });
  const own =
    residentBytes() -
    (points?.held ?? 0) +
    BESIDE +
    onDevice.host +
    rows *
      (A_ROW.taken +
        (rule || inBlocks ? 0 : 4 * strategies) +
        (ranksAll ? A_ROW.scores : 0) +
        (measures ? A_ROW.distances : 0));
  const { embeddings } = input;
  if (!measures || !embeddings) return { needs: checked(own, onDevice.device, budget, rule), embeddings: 0 };
  const left = budget.host === undefined ? freeBytes() / 2 : Math.max(0, budget.host - own);
  const all = embeddings.data ? 0 : 4 * embeddings.rows * embeddings.cols;
  const paged = points && points.held > 0 ? points.isPaged : mustPage(embeddings, left);
  const taken = points?.held || (paged ? Math.max(LEAST_PAGES, Math.min(left, all / 4)) : all);
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

/** What the process has already; nothing in a page, which cannot know. */
const residentBytes = (): number => globalThis.process?.memoryUsage?.rss() ?? 0;

/** What is free on the machine, as far as that is known. */
function freeBytes(): number {
  const { process } = globalThis;
  return process?.availableMemory?.() ?? process?.getBuiltinModule?.("node:os")?.freemem() ?? Infinity;
}
