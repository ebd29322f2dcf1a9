/** What a loop asks for, and what may pick it. */
import type { Pick } from "../batches/batch.ts";
import type { Pool } from "../pool.ts";
import type { ExploredPick } from "../remedies/exploration.ts";
import type { Fitted, Labelled } from "./model.ts";

/**
 * A row that is asked for, why, and how likely that was: 1 for what nothing is drawn for, also where a rule such as `power`
 * or `badge` draws by itself, whose draws are taken as given.
 */
export interface LoopPick extends ExploredPick {
  /** In words. */
  readonly reason: string;
}

/** Picks by something else than scores and distances. Its name is what a pick's reason says. */
export interface Picker {
  readonly name: string;
  /** k rows of the pool, none of which is `taken`, the best first. The reason of a pick is the picker's name unless it gives one. */
  pick(asked: PickerContext): Promise<readonly (Pick & { readonly reason?: string })[]>;
}

export interface PickerContext {
  readonly pool: Pool;
  readonly labelled: Labelled;
  readonly fitted: Fitted;
  readonly k: number;
  /** Rows that have a label or were refused. */
  readonly taken: readonly number[];
  /** Rows that hold no numbers, ascending. */
  readonly invalid: Uint32Array;
  readonly seed: number;
  /** That of the loop. */
  readonly signal?: AbortSignal;
}
