/** Rows that come only once, kept where they can be read again: in memory if they are few, else in a blob. */
import { InputError } from "../errors.ts";
import { arraySource, type RowSource } from "../matrix.ts";
import { closed } from "./bytes.ts";
import { type Chunks, givenChunks, givenOptions, type KeepOptions } from "./chunks.ts";
import { checkRange, gatherRows } from "./gather.ts";

/**
 * Takes chunks of whole rows, in order, and gives what they are as a source; close it. Browsers keep large blobs on
 * disk.
 */
export async function spool(name: string, cols: number, chunks: Chunks, signal?: AbortSignal): Promise<RowSource> {
  const parts: Blob[] = [];
  const { rows, rest } = await gatherRows(
    name,
    cols,
    chunks,
    async (piece) => {
      parts.push(new Blob([piece]));
    },
    signal,
  );
  if (parts.length === 0) return { ...arraySource(name, rest, rows, cols), async close() {} };
  return blobSource(name, rows, cols, new Blob([...parts, rest]));
}

/**
 * Takes rows from anything that gives them once, such as an encoder's batches, and keeps them for a pool to read again and
 * again: up to 8 MiB in memory, more of them in a blob, which browsers put on disk. Close them when done. What the
 * iterable throws comes through, and nothing is left behind.
 *
 * @throws InputError where a chunk is no Float32Array of whole rows, or there are no rows
 */
export async function keepRows(chunks: Chunks, options: KeepOptions): Promise<RowSource> {
  const { cols, name = "rows", signal } = givenOptions(options);
  return spool(name, cols, givenChunks(name, cols, chunks), signal);
}

function blobSource(name: string, rows: number, cols: number, whole: Blob): RowSource {
  let blob: Blob | undefined = whole;
  return {
    name,
    rows,
    cols,
    async read(start, count, into) {
      checkRange(name, rows, cols, start, count, into);
      if (!blob) throw closed(name);
      const part = blob.slice(start * cols * 4, (start + count) * cols * 4);
      const values = await part.arrayBuffer().catch((error: unknown) => {
        throw new InputError(
          `${name}: could not be kept by the browser: ${String((error as Error)?.message ?? error)}; free some disk and load it again`,
        );
      });
      into.set(new Float32Array(values));
    },
    async close() {
      blob = undefined;
    },
  };
}
