/** Rows that have a label already, out of a file: a list of rows, or picks that were saved before. */
import { InputError } from "poolwise";
import { openFile } from "poolwise/web";

/** Rows come as float32, which has every whole number up to here. */
const MOST_ROWS = 2 ** 24;

/** @throws InputError where the file holds no rows, or some that are no whole numbers */
export async function readLabelled(file: File, signal: AbortSignal): Promise<readonly number[]> {
  if (file.name.toLowerCase().endsWith(".json")) return rowsOfJson(file.name, await file.text());
  const isTable = !/\.npy$/i.test(file.name);
  const source = await openFile(file, { columns: isTable ? ["row"] : undefined, signal });
  try {
    if (source.cols !== 1) throw new InputError(`${file.name}: rows are one list, and this has ${source.cols} columns`);
    const values = new Float32Array(source.rows);
    await source.read(0, source.rows, values);
    return [...values].map((value, at) => rowOf(file.name, value, at));
  } finally {
    await source.close?.();
  }
}

/** An array of rows, or of objects with one each; or a selection with such an array as its `picks`. */
function rowsOfJson(name: string, text: string): readonly number[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${name}: is no JSON: ${(error as Error).message}; mend or save it again`);
  }
  const list = Array.isArray(content) ? content : (content as { picks?: unknown } | null)?.picks;
  if (!Array.isArray(list))
    throw new InputError(`${name}: holds neither an array of rows nor a selection with "picks"`);
  return list.map((item: unknown, at) => rowOf(name, (item as { row?: unknown } | null)?.row ?? item, at));
}

function rowOf(name: string, value: unknown, at: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < MOST_ROWS) return value;
  throw new InputError(
    `${name}: index ${at} holds ${JSON.stringify(value)}; a row is a whole number from 0 to ${MOST_ROWS - 1} here`,
  );
}
