/**
 * Which frame reads a row, by how many classes there are and what kind of adapter runs it. A GPU wants neighbouring
 * lanes on neighbouring classes; a software adapter wants fat threads and no barriers. Scores do not know the difference.
 */
import type { Frame, Slice } from "./program.ts";
import type { AdapterClass } from "./tuning.ts";

export interface FrameChoice {
  readonly frame: Frame;
  /** Classes that a lane holds at a time. */
  readonly slice: Slice;
  readonly workgroup: number;
  /** Lanes that share a row. */
  readonly team: number;
  /** Longest chain of additions in a sum over the classes; joining two parts of a sweep counts as JOIN_COST. */
  readonly additions: number;
}

const smallestSlice = (classes: number): Slice => ([4, 8, 16] as const).find((slice) => classes <= slice) ?? 16;

/** What is to be read. */
export interface FrameInput {
  readonly classes: number;
  readonly passes: number;
  /** Neighbouring rows lie beside each other, not neighbouring classes: as a head leaves its logits. */
  readonly turned: boolean;
}

/** How often a team halves itself until one lane has the sum: log₂ of it, a power of two. */
const joinsOf = (team: number): number => 31 - Math.clz32(team);

/** Slices stay small: an unrolled one of 32 takes LLVM, behind software adapters, many seconds to compile. */
export function chooseFrame({ classes, passes, turned }: FrameInput, adapterClass: AdapterClass): FrameChoice {
  if (passes > 1) return committee(classes, passes);
  if (classes <= 16) {
    const slice = smallestSlice(classes);
    return { frame: "thread", slice, workgroup: 64, team: 1, additions: slice };
  }
  if (turned || adapterClass === "software") return sweep(classes, 64, 1);
  for (const team of [32, 128]) {
    if (classes > team * 8) continue;
    const slice = smallestSlice(Math.ceil(classes / team));
    return { frame: "team", slice, workgroup: 128, team, additions: slice + joinsOf(team) };
  }
  return sweep(classes, 128, 128);
}

/**
 * What joining two parts of a sweep may cost in additions: an exponential of d within (6 + 7|d|)u, weighted with itself
 * at most 6 + 7/e, and a difference, a product and a sum.
 */
const JOIN_COST = 12;

function sweep(classes: number, workgroup: number, team: number): FrameChoice {
  const slice = 8;
  const joins = Math.ceil(classes / (slice * team)) + joinsOf(team);
  return { frame: "sweep", slice, workgroup, team, additions: slice + JOIN_COST * joins };
}

/** Passes that a committee frame takes at a time. */
export const BLOCK_PASSES = 32;

/**
 * Averaging, in additions. A pass adds a rounding of the mean, and a difference, a share of 2.5 ULP and a product, which
 * weigh ever less: together at most 2 a pass and 12. Joining two blocks costs 5, and 12 for the same reason.
 */
function committee(classes: number, passes: number): FrameChoice {
  const slice = classes <= 4 ? 4 : 8;
  const averaging = 24 + 2 * Math.min(passes, BLOCK_PASSES) + 5 * Math.ceil(passes / BLOCK_PASSES);
  const additions = slice + JOIN_COST * Math.ceil(classes / slice) + averaging;
  return { frame: "committee", slice, workgroup: 64, team: 1, additions };
}

/** Passes in blocks for a committee frame, as even as fours allow. */
export function passBlocks(passes: number): { first: number; count: number }[] {
  const blocks = Math.ceil(passes / BLOCK_PASSES);
  const size = Math.min(BLOCK_PASSES, Math.ceil(passes / blocks / 4) * 4);
  const firsts = Array.from({ length: Math.ceil(passes / size) }, (_, i) => i * size);
  return firsts.map((first) => ({ first, count: Math.min(size, passes - first) }));
}

/** Rows that one workgroup takes at a time. */
export const rowsAtOnce = ({ workgroup, team }: FrameChoice): number => workgroup / team;
