/** Chunks of rows gathered into pieces of one size, of which all but the last are put away as they fill. */
import { InputError } from "../errors.ts";
import { Pace } from "../pace.ts";
import type { Chunks } from "./chunks.ts";

export interface Gathered {
  readonly rows: number;
  /** What was not put away: all of it, if that is little. */
  readonly rest: Float32Array<ArrayBuffer>;
}

/** Values a piece: what is not longer stays in memory. */
export const PIECE = 2 ** 21;

/** `put` is given pieces in order, each only until it comes back. Throws the signal's reason between two chunks. */
export async function gatherRows(
  name: string,
  cols: number,
  chunks: Chunks,
  put: (piece: Float32Array<ArrayBuffer>) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<Gathered> {
  const pace = new Pace(signal);
  await pace.turn();
  let piece = new Float32Array(FIRST);
  let filled = 0;
  let rows = 0;
  for await (const chunk of chunks) {
    if (chunk.length % cols !== 0)
      throw new RangeError(`${name}: a chunk of ${chunk.length} values is not whole rows of ${cols}`);
    rows += chunk.length / cols;
    if (rows > MOST_ROWS) throw new InputError(`${name}: has more than ${MOST_ROWS} rows; split it`);
    for (let done = 0; done < chunk.length;) {
      if (filled === PIECE) {
        await put(piece);
        filled = 0;
      } else if (filled === piece.length) {
        const longer = new Float32Array(piece.length * 2);
        longer.set(piece);
        piece = longer;
      }
      const part = chunk.subarray(done, done + piece.length - filled);
      piece.set(part, filled);
      filled += part.length;
      done += part.length;
    }
    await pace.turn();
  }
  if (rows === 0) throw new InputError(`${name}: has no rows`);
  return { rows, rest: piece.slice(0, filled) };
}

/** A power of 2, as PIECE is, so that doubling leads there. */
const FIRST = 2 ** 12;

/** Row numbers are 32 bits wide. */
const MOST_ROWS = 2 ** 32 - 1;

/** Rows asked for that are not there, or do not fit, are our own fault. */
export function checkRange(name: string, rows: number, cols: number, start: number, count: number, into: Float32Array) {
  if (start < 0 || start + count > rows || into.length !== count * cols)
    throw new RangeError(`${name}: rows ${start} to ${start + count} of ${rows} do not go into ${into.length} values`);
}
