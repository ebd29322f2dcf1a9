/** Rows of numbers that a page has: files that were chosen, dropped or fetched, or an address on the web. */
import { InputError } from "../errors.ts";
import type { RowSource } from "../matrix.ts";
import { blobBytes } from "./blobBytes.ts";
import { spool } from "./blobSpool.ts";
import { httpBytes } from "./httpBytes.ts";
import { openParts } from "./parts.ts";
import { openFormat } from "./rowFormats.ts";

export interface FileOptions {
  /** What errors call it; its extension says what it is. Default: the name of the file, or the address. */
  readonly name?: string;
  /** Columns of a table, or the one array of an archive, by name. Default: all columns with numbers, or the only list. */
  readonly columns?: readonly string[];
  /** Ends opening with the signal's reason; of an address, reading too. */
  readonly signal?: AbortSignal;
}

/**
 * Opens rows of a `.npy`, `.npz`, `.parquet`, `.csv`, `.jsonl`, `.arrow` or `.feather` file that a page was given, or of
 * several, such as `input.files`, as one pool: the rows of the first, then those of the second, all with the same columns.
 * Nothing is read that is not asked for, but text and Arrow are read once; of these the browser keeps what is longer
 * than 8 MiB. Close them when done.
 *
 * @throws InputError where there is no file, its format is not known, or it is not what its name says
 */
export async function openFile(
  file: Blob | Iterable<Blob>,
  { name, columns, signal }: FileOptions = {},
): Promise<RowSource> {
  return openParts(blobsOf(file), (part) => openFormat(blobBytes(part, name), { columns, signal }, spool));
}

function blobsOf(given: Blob | Iterable<Blob>): Blob[] {
  const blobs = given instanceof Blob ? [given] : Symbol.iterator in Object(given) ? [...given] : [];
  if (blobs.length > 0 && blobs.every((blob) => blob instanceof Blob)) return blobs;
  throw new InputError("openFile: expected a File or a Blob, or a list with at least one; openUrl takes addresses");
}

/**
 * Opens rows of a file on a server, which must serve ranges: only those that are read are asked for. From another
 * origin, the server must let pages see `Content-Range`. Formats are those of `openFile`. Close it when done.
 *
 * @throws InputError where there is no such file, the server gives no ranges, or it is not what its name says
 */
export async function openUrl(url: string, { name = url, columns, signal }: FileOptions = {}): Promise<RowSource> {
  return openFormat({ ...(await httpBytes(url, signal)), name }, { columns, signal }, spool);
}
