/**
 * Which frame reads a row, by how many classes there are and what kind of adapter runs it. A GPU wants neighbouring
 * lanes on neighbouring classes; a software adapter wants fat threads and no barriers. Scores do not know the difference.
 */
import type { Frame, Slice } from "./program.ts";
import type { AdapterClass } from "./tuning.ts";

export interface FrameChoice {
  readonly frame: Frame;
  readonly slice: Slice;
  readonly constants: Record<string, number>;
  /** Lanes that share a row. */
  readonly team: number;
  /** Rows that one workgroup takes at a time. */
  readonly rowsAtOnce: number;
  /** Classes are padded to a multiple of this where weights are laid out for the frame. */
  readonly classStep: number;
  /** Longest chain of additions in a sum over the classes; joining two parts of a sweep counts as JOIN_COST. */
  readonly additions: number;
}

const smallestSlice = (classes: number): Slice => ([4, 8, 16] as const).find((slice) => classes <= slice) ?? 16;

/** Slices stay small: an unrolled one of 32 takes LLVM, behind software adapters, many seconds to compile. */
export function chooseFrame(classes: number, adapterClass: AdapterClass): FrameChoice {
  if (classes <= 16) {
    const slice = smallestSlice(classes);
    return {
      frame: "thread",
      slice,
      constants: { WORKGROUP: 64 },
      team: 1,
      rowsAtOnce: 64,
      classStep: slice,
      additions: slice,
    };
  }
  if (adapterClass === "software") return sweep(classes, 64, 1);
  for (const team of [32, 128]) {
    if (classes > team * 8) continue;
    const slice = smallestSlice(Math.ceil(classes / team));
    const constants = { WORKGROUP: 128, TEAM: team };
    const additions = slice + Math.log2(team);
    return { frame: "team", slice, constants, team, rowsAtOnce: 128 / team, classStep: team * slice, additions };
  }
  return sweep(classes, 128, 128);
}

/**
 * What joining two parts of a sweep may cost in additions: an exponential of d within (6 + 7|d|)u, weighted with itself
 * at most 6 + 7/e, and a difference, a product and a sum.
 */
const JOIN_COST = 12;

function sweep(classes: number, workgroup: number, lanes: number): FrameChoice {
  const classStep = 8 * lanes;
  return {
    frame: "sweep",
    slice: 8,
    constants: { WORKGROUP: workgroup, TEAM: lanes },
    team: lanes,
    rowsAtOnce: workgroup / lanes,
    classStep,
    additions: 8 + JOIN_COST * (Math.ceil(classes / classStep) + Math.log2(lanes)),
  };
}
