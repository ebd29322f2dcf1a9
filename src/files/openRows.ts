/** Rows of numbers by where they are: a file, several of them by a pattern, or an address on the web. */
import { stat } from "node:fs/promises";
import { glob } from "tinyglobby";
import { InputError } from "../errors.ts";
import type { RowSource } from "../matrix.ts";
import { openBytes } from "./fileBytes.ts";
import { httpBytes } from "./httpBytes.ts";
import { joinRows } from "./parts.ts";
import { openFormat, rowExtensionOf, type FormatOptions } from "./rowFormats.ts";
import { spool } from "./spool.ts";

/** What comes behind a table or an archive and a colon: the columns, or the array, to read. */
const NAMED = /^(.*\.(?:npz|parquet|csv|jsonl|arrows?|feather|ipc)):([^/\\]+)$/is;

/**
 * Opens rows of `.npy`, `.npz`, `.parquet`, `.csv`, `.jsonl`, `.arrow` or `.feather`; close them when done.
 *
 * `place` is a path, an http(s) address, or a pattern such as "part-*.npy", whose files are one pool in the order of their
 * names, numbers in them by value. Behind a colon may stand what to read of a table or an archive:
 * "pool.parquet:embedding", "pool.csv:a,b,c", "arrays.npz:logits".
 *
 * @throws InputError where there is no such file, or it is not what its name says
 */
export async function openRows(place: string, options: FormatOptions = {}): Promise<RowSource> {
  const [, named, columns] = (await isThere(place)) ? [] : (NAMED.exec(place) ?? []);
  if (named === undefined) return openPlace(place, options);
  if (options.columns) throw new InputError(`${place}: its columns are named twice: here, and by --columns`);
  return openPlace(named, { ...options, columns: columns.split(",").map((name) => name.trim()) });
}

async function openPlace(place: string, options: FormatOptions): Promise<RowSource> {
  rowExtensionOf(place);
  if (/^https?:\/\//i.test(place)) return openFormat(await httpBytes(place), options, spool);
  if (!/[*?[{]/.test(place) || (await isThere(place))) return openFormat(await openBytes(place), options, spool);
  const paths = await glob(place.replaceAll("\\", "/"), { expandDirectories: false });
  if (paths.length === 0) throw new InputError(`${place}: no file has such a name; check the pattern`);
  const parts: RowSource[] = [];
  try {
    for (const path of paths.sort(byName)) parts.push(await openFormat(await openBytes(path), options, spool));
    return joinRows(parts);
  } catch (error) {
    await Promise.all(parts.map((part) => part.close?.()));
    throw error;
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const { compare: byName } = new Intl.Collator("en", { numeric: true });
