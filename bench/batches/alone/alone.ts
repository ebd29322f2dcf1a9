/** Work of the library that no rule has for itself, timed alone: a step that rules take, or what goes on beside them. */
import type { Backend } from "../../../src/backends/backend.ts";
import { Crew } from "../../../src/backends/cpu/crew.ts";
import { findAdapter, openAdapter } from "../../../src/backends/webgpu/open.ts";
import type { Ceilings } from "../../../src/bench/floor.ts";
import type { Engine } from "../../../src/index.ts";
import type { BatchCase } from "../cases.ts";
import type { BatchAnswer } from "../checks.ts";
import type { BatchPool } from "../data.ts";

export interface Alone {
  /** The library's own, on the kind of backend that an engine has. */
  open(engine: Engine, one: BatchCase, pool: BatchPool): Promise<Opened>;
  /** What is wrong with an answer of the library's, or of a peer's, which computes in float32. */
  judge(one: BatchCase, pool: BatchPool): (answer: BatchAnswer, by: "us" | "peer") => string | undefined;
  work(one: BatchCase): Ceilings;
  /** What peers in Python are given beside the arrays of the pool. */
  given?(one: BatchCase, pool: BatchPool): Given[];
}

export interface Opened {
  run(): Promise<BatchAnswer>;
  /** What is wrong with what is left where it was computed, once all runs are done. */
  faultLeft?(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface Given {
  readonly array: Float32Array | Uint32Array;
  readonly shape: readonly number[];
}

/** Runs work on the threads that an engine of the cpu has, whatever they are asked first. */
export async function onCrew(threads: number, runOn: (crew: Crew) => Promise<BatchAnswer>): Promise<Opened> {
  const crew = await Crew.open(threads);
  return { run: () => runOn(crew), close: () => crew.close() };
}

/** A backend as the engine's, of its own: an engine keeps its to itself. */
export const openBackend = async (): Promise<Backend> => openAdapter(await findAdapter());

/** Of every row read once, and compared with so many others: a difference, a product and a sum a dimension. */
export const comparing = ({ rows, dims }: BatchCase, others: number): Ceilings => ({
  bytes: 4 * rows * dims,
  multiplyAdds: (rows * others * 3 * dims) / 2,
  exps: 0,
});

/** Written so that NaN is wrong too. */
export function valuesFault(
  what: string,
  found: ArrayLike<number> = [],
  right: ArrayLike<number>,
  tolerance: number,
): string | undefined {
  if (found.length !== right.length) return `${found.length} of ${what}, not ${right.length}`;
  for (let i = 0; i < right.length; i++)
    if (!(Math.abs(found[i] - right[i]) <= tolerance * Math.abs(right[i])))
      return `${what} ${i} is ${found[i]}, and should be ${right[i]}`;
  return undefined;
}
