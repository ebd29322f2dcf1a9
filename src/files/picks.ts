/** Picks as text or bytes, wherever they go: a file of this machine, or what a page hands to be saved. */
import { InputError } from "../errors.ts";
import { csvCell, toJson, writeLines, type Write } from "./lines.ts";
import { npyHeader } from "./npyHeader.ts";

export const pickFormats = [".json", ".npy", ".csv", ".jsonl"] as const;
export type PickFormat = (typeof pickFormats)[number];

/** A chosen row; what else its rule can tell of it (score, radius, …) is written as well. */
export interface PickRecord {
  readonly row: number;
}

export interface PicksRecord {
  readonly picks: readonly PickRecord[];
}

/**
 * Writes a selection in order of pick: .json with all that is known, a pick a line; .csv and .jsonl the picks; .npy
 * their rows as int32 [picks]. `name` is what errors call it.
 */
export async function fillPicks(name: string, write: Write, format: PickFormat, result: PicksRecord): Promise<void> {
  const { picks } = result;
  if (format === ".json") return writeJson(write, result);
  if (format === ".jsonl") return writeLines(write, picks.length, (i) => toJson(picks[i])!);
  if (format === ".npy") {
    const rows = int32Rows(name, picks);
    await write(npyHeader("<i4", [picks.length]));
    return write(new Uint8Array(rows.buffer));
  }
  const columns = columnsOf(picks);
  await write(`${columns.map(csvCell).join()}\n`);
  await writeLines(write, picks.length, (i) =>
    columns.map((column) => csvCell(picks[i][column as keyof PickRecord])).join(),
  );
}

/** All that any pick tells: the last ones of a rule may tell more than the first. */
function columnsOf(picks: readonly PickRecord[]): string[] {
  const columns = new Set(["row"]);
  for (const pick of picks) for (const key in pick) columns.add(key);
  return [...columns];
}

async function writeJson(write: Write, result: PicksRecord): Promise<void> {
  const entries = Object.entries(result).filter(([, value]) => value !== undefined);
  for (const [i, [key, value]] of entries.entries()) {
    await write(`${i === 0 ? "{\n" : ",\n"}  ${JSON.stringify(key)}: `);
    if (key !== "picks" || result.picks.length === 0) {
      await write(toJson(value)!);
      continue;
    }
    const last = result.picks.length - 1;
    await write("[\n");
    await writeLines(write, last + 1, (pick) => `    ${toJson(result.picks[pick])}${pick < last ? "," : ""}`);
    await write("  ]");
  }
  await write("\n}\n");
}

function int32Rows(name: string, picks: readonly PickRecord[]): Int32Array {
  return Int32Array.from(picks, ({ row }) => {
    if (row > 0x7fffffff) throw new InputError(`${name}: row ${row} is beyond int32; use .json, .jsonl or .csv`);
    return row;
  });
}
