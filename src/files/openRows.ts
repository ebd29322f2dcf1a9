/** Rows of numbers by where they are: a file, several of them by a pattern, or an address on the web. */
import { stat } from "node:fs/promises";
import { glob } from "tinyglobby";
import { InputError } from "../errors.ts";
import { passesOf, type DirectRows, type RowSource } from "../matrix.ts";
import { blocksOf } from "../readAhead.ts";
import type { Bytes } from "./bytes.ts";
import { openBytes } from "./fileBytes.ts";
import { httpBytes } from "./httpBytes.ts";
import { openParts } from "./parts.ts";
import { openFormat, rowExtensionOf, type FormatOptions } from "./rowFormats.ts";
import { spool } from "./spool.ts";

/** What comes behind a table or an archive and a colon: the columns, or the array, to read. */
const NAMED = /^(.*\.(?:npz|parquet|csv|jsonl|arrows?|feather|ipc)):([^/\\]+)$/is;

/**
 * Opens rows of `.npy`, `.npz`, `.parquet`, `.csv`, `.jsonl`, `.arrow` or `.feather`; close them when done.
 *
 * `place` is a path, an http(s) address, or a pattern such as "part-*.npy", whose files are one pool in the order of their
 * names, numbers in them by value. Behind a colon may stand what to read of a table or an archive:
 * "pool.parquet:embedding", "pool.csv:a,b,c", "arrays.npz:logits". A signal ends opening with its reason, and leaves
 * nothing behind; of an address it ends later reads, too.
 *
 * @throws InputError where there is no such file, or it is not what its name says
 */
export async function openRows(place: string, options: FormatOptions = {}): Promise<RowSource> {
  options.signal?.throwIfAborted();
  const [, named, columns] = (await isThere(place)) ? [] : (NAMED.exec(place) ?? []);
  if (named === undefined) return openPlace(place, options);
  if (options.columns) throw new InputError(`${place}: its columns are named twice: here, and by option columns`);
  return openPlace(named, { ...options, columns: columns.split(",").map((name) => name.trim()) });
}

async function openPlace(place: string, options: FormatOptions): Promise<RowSource> {
  rowExtensionOf(place);
  if (/^https?:\/\//i.test(place)) return openOne(await httpBytes(place, options.signal), options);
  if (!/[*?[{]/.test(place) || (await isThere(place))) return openOne(await openBytes(place), options);
  const paths = await glob(place.replaceAll("\\", "/"), { expandDirectories: false });
  if (paths.length === 0) throw new InputError(`${place}: no file has such a name; check the pattern`);
  return openParts(paths.sort(byName), async (path) => openOne(await openBytes(path), options));
}

/** What cannot be read at once where it lies is, where it has to be, in a temporary file. */
async function openOne(bytes: Bytes, options: FormatOptions): Promise<RowSource> {
  const source = await openFormat(bytes, options, spool);
  if (source.direct || source.data || passesOf(source) > 1) return source;
  return { ...source, direct: (signal) => copied(source, signal) };
}

async function copied(source: RowSource, signal: AbortSignal | undefined): Promise<DirectRows> {
  const { name, cols } = source;
  const copy = await spool(name, cols, valuesOf(source), signal);
  const direct = await copy.direct?.();
  return { read: direct?.read ?? (copy.read as DirectRows["read"]), close: async () => copy.close?.() };
}

async function* valuesOf(source: RowSource): AsyncGenerator<Float32Array> {
  for await (const { values } of blocksOf(source)) yield values;
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const { compare: byName } = new Intl.Collator("en", { numeric: true });
