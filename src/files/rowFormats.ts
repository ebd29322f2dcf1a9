/** Rows of numbers in any of the common formats, wherever their bytes lie. */
import { InputError } from "../errors.ts";
import type { RowSource } from "../matrix.ts";
import { arrowRows } from "./arrow.ts";
import type { Bytes } from "./bytes.ts";
import type { TableRows } from "./columns.ts";
import { csvRows } from "./csv.ts";
import { jsonlRows } from "./jsonl.ts";
import { npyFile } from "./npy.ts";
import { npzRows } from "./npzRows.ts";
import { parquetSource } from "./parquet.ts";

/** Keeps rows that come only once where they can be read again. */
export type SpoolRows = (
  name: string,
  cols: number,
  chunks: AsyncIterable<Float32Array>,
  signal: AbortSignal | undefined,
) => Promise<RowSource>;

export interface FormatOptions {
  /** Columns of a table, or the one array of an archive, by name. */
  readonly columns?: readonly string[];
  /** Where a single list of numbers is no pool: what it should have been, as in "embeddings are [rows, dims]". */
  readonly matrix?: string;
  /** Ends opening with the signal's reason; of an address, reading too. */
  readonly signal?: AbortSignal;
}

type Opener = (bytes: Bytes, options: FormatOptions, spool: SpoolRows) => Promise<RowSource>;

const spooled =
  (read: (bytes: Bytes, columns?: readonly string[]) => Promise<TableRows>): Opener =>
  async (bytes, { columns, signal }, spool) => {
    const { names, stored, chunks } = await read(bytes, columns);
    const rows = await spool(bytes.name, names.length, chunks, signal);
    await bytes.close();
    return { ...rows, stored };
  };

const openers: Record<string, Opener> = {
  ".npy": async (bytes, { columns, matrix }) => {
    if (columns) throw new InputError(`${bytes.name}: has no names for its columns: leave ${columns.join(", ")} out`);
    const file = await npyFile(bytes);
    if (matrix !== undefined && file.shape.length < 2)
      throw new InputError(`${bytes.name}: shape [${file.shape.join(", ")}] is one list: ${matrix}`);
    return file.source();
  },
  ".npz": async (bytes, { columns }) => {
    if (columns && columns.length > 1)
      throw new InputError(`${bytes.name}: name one array, not ${columns.length} (${columns.join(", ")})`);
    return npzRows(bytes, columns?.[0]);
  },
  ".parquet": async (bytes, { columns }) => parquetSource(bytes, columns),
  ".csv": spooled(csvRows),
  ".jsonl": spooled(jsonlRows),
  ".arrow": spooled(arrowRows),
  ".arrows": spooled(arrowRows),
  ".feather": spooled(arrowRows),
  ".ipc": spooled(arrowRows),
};

/** @throws InputError where a name does not end in a known extension */
export function rowExtensionOf(name: string): string {
  const path = name.replace(/[?#].*$/s, "");
  // In the name of a file these are letters like others, unless it ends in nothing that is known.
  for (const begin of /^https?:/i.test(name) ? [path] : [name, path]) {
    const extension = /\.[^./]*$/.exec(begin)?.[0].toLowerCase() ?? "";
    if (Object.hasOwn(openers, extension)) return extension;
  }
  throw new InputError(`${name}: unknown kind of file: known are ${Object.keys(openers).join(", ")}`);
}

/**
 * Opens rows by what their bytes are called. The source closes the bytes.
 *
 * @throws InputError where the format is not known, or the file is not what its name says
 */
export async function openFormat(bytes: Bytes, options: FormatOptions, spool: SpoolRows): Promise<RowSource> {
  const extension = rowExtensionOf(bytes.name);
  try {
    options.signal?.throwIfAborted();
    return await openers[extension](bytes, options, spool);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}
