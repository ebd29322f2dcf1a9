/**
 * A row drawn in proportion to D², its squared distance to the nearest centre, as k-means++ does (Arthur & Vassilvitskii
 * 2007).
 *
 * The draw is a race: of exponential times E / D² the shortest wins, and each row wins in proportion to its D². Times
 * come from the counter-based generator, and an old D² is a bound, so of most rows no distance is taken.
 */
import { exp, log } from "../elementary.ts";
import type { Pace } from "../pace.ts";
import { bitsByPass, streams } from "../random.ts";
import type { Nearest } from "./nearest.ts";

/** Widens what float64 rounds. */
const ROUNDING = 1e-9;
/** Rows between two turns of others: of all of them a distance may be taken. */
const ROWS_A_TURN = 2 ** 14;

/** The row with the largest D² / E, ties to the lowest. `prepare` is called before distances from a row are taken. */
export async function race(
  nearest: Nearest,
  rows: Uint32Array,
  seed: number,
  turn: number,
  pace: Pace,
  prepare?: (row: number) => Promise<void>,
): Promise<number> {
  const { squared } = nearest;
  // Drawn by turn, each row a pass of it: one step of the generator a row.
  const draw = bitsByPass(seed, streams.race, turn);
  let farthest = 0;
  for (let i = 0; i < rows.length; i++) if (squared[rows[i]] > farthest) farthest = squared[rows[i]];
  let winner = rows[0];
  let best = -1;
  /** Bits below it make an E that no row can win with. */
  let least = 0;
  // By number: an iterator would take twice as long as all the rest.
  for (let i = 0; i < rows.length; i++) {
    if (i % ROWS_A_TURN === 0) await pace.turn();
    const row = rows[i];
    const bits = draw(row);
    if (bits < least) continue;
    const time = -log((bits + 0.5) / 2 ** 32);
    if (squared[row] / time <= best) continue;
    if (!nearest.isSettled(row)) {
      await prepare?.(row);
      nearest.settle(row, best * time);
    }
    const speed = squared[row] / time;
    if (speed <= best || !nearest.isSettled(row)) continue;
    best = speed;
    winner = row;
    if (best > 0) least = 2 ** 32 * exp((-farthest / best) * (1 + ROUNDING)) - 1;
  }
  return winner;
}
