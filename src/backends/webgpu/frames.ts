/**
 * Which frame reads a row, by how many classes there are and what kind of adapter runs it. A GPU wants neighbouring
 * lanes on neighbouring classes; a software adapter wants fat threads and no barriers. Scores do not know the difference.
 */
import type { Frame, Slice } from "./program.ts";

/** `software`: lavapipe, SwiftShader and their kind, where a thread is a lane of a CPU's vector unit. */
export type AdapterClass = "gpu" | "software";

export interface FrameChoice {
  readonly frame: Frame;
  readonly slice: Slice;
  readonly constants: Record<string, number>;
  /** Rows that one workgroup takes at a time. */
  readonly rowsAtOnce: number;
  /** Classes are padded to a multiple of this where weights are laid out for the frame. */
  readonly classStep: number;
  /** Longest chain of additions in a sum over the classes; joining two parts of a sweep counts as eight. */
  readonly additions: number;
}

const SLICES = [4, 8, 16, 32] as const;
const smallestSlice = (classes: number): Slice => SLICES.find((slice) => classes <= slice) ?? 32;

export function chooseFrame(classes: number, adapterClass: AdapterClass): FrameChoice {
  if (classes <= 32) {
    const slice = smallestSlice(classes);
    return { frame: "thread", slice, constants: { WORKGROUP: 64 }, rowsAtOnce: 64, classStep: slice, additions: slice };
  }
  if (adapterClass === "software") {
    return sweep(classes, 64, 1);
  }
  for (const team of [32, 128]) {
    if (classes > team * 32) continue;
    const slice = smallestSlice(Math.ceil(classes / team));
    const constants = { WORKGROUP: 128, TEAM: team };
    const additions = slice + Math.log2(team);
    return { frame: "team", slice, constants, rowsAtOnce: 128 / team, classStep: team * slice, additions };
  }
  return sweep(classes, 128, 128);
}

function sweep(classes: number, workgroup: number, lanes: number): FrameChoice {
  const classStep = 16 * lanes;
  return {
    frame: "sweep",
    slice: 16,
    constants: { WORKGROUP: workgroup, LANES: lanes },
    rowsAtOnce: workgroup / lanes,
    classStep,
    additions: 16 + 8 * (Math.ceil(classes / classStep) + Math.log2(lanes)),
  };
}
