/** The rows of a source, block by block: each is read while the one before it is worked on. */
import { passesOf, type RowSource } from "./matrix.ts";

export interface Block {
  /** First row, in the source. */
  readonly first: number;
  readonly rows: number;
  /** [passes, rows, cols], good until the next block is asked for. */
  readonly values: Float32Array;
}

/**
 * Blocks of `blockRows` rows in their order, the last of what is left. When one is handed out, the read of the next has
 * begun; there are never two at once. A read that fails is told of when its block is due. Leaving early waits for the
 * read under way, so that the source may be closed.
 */
export async function* readAhead(source: RowSource, blockRows: number): AsyncGenerator<Block> {
  const most = Math.min(blockRows, source.rows);
  const buffers = Array.from(
    { length: most < source.rows ? 2 : 1 },
    () => new Float32Array(most * passesOf(source) * source.cols),
  );
  let next = begin(source, 0, most, buffers[0]);
  try {
    for (let turn = 1; next; turn++) {
      const block: Block = await next;
      next = begin(source, block.first + block.rows, most, buffers[turn % buffers.length]);
      yield block;
    }
  } finally {
    await next?.catch(() => {});
  }
}

/** Values of a block where nothing speaks for another number: 1 MB of them. */
const BLOCK = 2 ** 18;

/** The same in blocks of some 1 MB. */
export const blocksOf = (source: RowSource): AsyncGenerator<Block> =>
  readAhead(source, Math.max(1, Math.floor(BLOCK / passesOf(source) / source.cols)));

/** Reads a block, unless all rows lie before it. */
function begin(source: RowSource, first: number, most: number, buffer: Float32Array): Promise<Block> | undefined {
  if (first === source.rows) return undefined;
  const rows = Math.min(most, source.rows - first);
  const values = buffer.subarray(0, rows * passesOf(source) * source.cols);
  const block = (async () => {
    await source.read(first, rows, values);
    return { first, rows, values };
  })();
  // Until the block is due, nobody waits for it.
  block.catch(() => {});
  return block;
}
