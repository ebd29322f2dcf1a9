/** Chunks of rows that someone else makes, checked where they come in. */
import { InputError } from "../errors.ts";

/** Chunks of whole rows, in order; each is copied before the next is asked for. */
export type Chunks = AsyncIterable<Float32Array> | Iterable<Float32Array>;

export interface KeepOptions {
  /** Values a row: classes, or dims. */
  readonly cols: number;
  /** What errors call them. Default "rows". */
  readonly name?: string;
  /** Ends the work between two chunks, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** @throws InputError where they are no object */
export function givenOptions(options: KeepOptions): KeepOptions {
  if (typeof options === "object" && options !== null) return options;
  throw new InputError(`rows: expected options with cols, such as { cols: 768 }, got ${kindOf(options)}`);
}

/** @throws InputError before the first chunk, or at the first that is no Float32Array of whole rows */
export function givenChunks(name: string, cols: number, chunks: Chunks): AsyncIterable<Float32Array> {
  if (!Number.isInteger(cols) || cols < 1)
    throw new InputError(`${name}: cols must be a whole number of at least 1, got ${cols}`);
  const given = Object(chunks) as object;
  if (!(Symbol.asyncIterator in given || Symbol.iterator in given))
    throw new InputError(`${name}: expected an iterable of Float32Arrays, sync or async, got ${kindOf(chunks)}`);
  return checked(name, cols, chunks);
}

async function* checked(name: string, cols: number, chunks: Chunks): AsyncGenerator<Float32Array> {
  let i = 0;
  for await (const chunk of chunks) {
    if (!(chunk instanceof Float32Array))
      throw new InputError(`${name}: chunk ${i} is ${kindOf(chunk)}: give a Float32Array of whole rows`);
    if (chunk.length % cols !== 0)
      throw new InputError(`${name}: chunk ${i} has ${chunk.length} values, not whole rows of ${cols}: check cols`);
    yield chunk;
    i++;
  }
}

/** What a value is, in words. */
function kindOf(value: unknown): string {
  const type: string = typeof value;
  if (value === null || value === undefined) return String(value);
  return type === "object" ? `one of the kind ${(value as object).constructor?.name ?? type}` : `a ${type}`;
}
