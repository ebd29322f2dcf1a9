/** The least time that the work of a case can take, by the ceilings of the backend that does it. */
import { strategyOf } from "../scores/index.ts";
import type { Case } from "./cases.ts";

/** What a second has room for, each by itself. */
export interface Ceilings {
  /** Bytes read. */
  readonly bytes: number;
  readonly multiplyAdds: number;
  readonly exps: number;
}

/** What it costs at best to ask something of a backend, and to move bytes. No floor of a kernel counts it. */
export interface Transfers {
  /** Seconds of a call that does nothing, until it is known to be done. */
  readonly dispatch: number;
  /** Seconds until a few bytes of a result are here. */
  readonly map: number;
  /** Bytes a second to where kernels work. */
  readonly upload: number;
  /** Bytes a second from there. */
  readonly download: number;
}

/** What the work must at least take. */
export interface Work extends Ceilings {
  /** Units that dropout masks decide about: integer work, which no ceiling is measured for and the floor leaves out. */
  readonly masks: number;
}

export interface Floor {
  readonly seconds: number;
  readonly boundBy: keyof Ceilings;
}

/**
 * Each value read once, each product of a dense layer once, one exponential a probability. The first layer does not
 * depend on the pass; of gradients, the layer below the last takes three products of its size for all labels together.
 */
export function workOf({ kind, cols, passes = 1, hidden, classes = cols, strategies }: Case, rows: number): Work {
  const gradients = strategies.some((name) => strategyOf(name).needs === "gradients");
  const probable = strategies.some((name) => name !== "random" && strategyOf(name).needs !== "votes");
  const products = hidden ? cols * hidden + hidden * classes * (passes + (gradients ? 3 : 0)) : cols * classes;
  return {
    bytes: rows * cols * 4 * (kind === "logits" ? passes : 1),
    multiplyAdds: kind === "features" ? rows * products : 0,
    exps: probable ? rows * passes * classes : 0,
    masks: kind === "features" && passes > 1 ? rows * passes * (hidden ?? 0) : 0,
  };
}

const kinds = ["bytes", "multiplyAdds", "exps"] as const;

/** As if the three ran at their best side by side: the one that takes longest. */
export function floorOf(work: Ceilings, ceilings: Ceilings): Floor {
  const floors = kinds.map((boundBy): Floor => ({ seconds: work[boundBy] / ceilings[boundBy], boundBy }));
  return floors.reduce((most, floor) => (floor.seconds > most.seconds ? floor : most));
}
