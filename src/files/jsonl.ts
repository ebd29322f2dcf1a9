/** Tables of numbers as lines of JSON: an array or an object a row. */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { chooseColumns, type Column, shown, type TableRows } from "./columns.ts";
import { BLOCK, checkWidth, chunkRows, linesEnd, type TextBlock, textBlocks } from "./textBlocks.ts";

/**
 * Rows of a .jsonl file, read as they are asked for. Arrays are rows. Of objects it is all keys with numbers but `row`,
 * the only key with an array of numbers, or those named, and the first line says what there is. null is NaN, and so is
 * what Python writes in its place. The bytes stay open.
 *
 * @param block bytes read at a time
 */
export async function jsonlRows(bytes: Bytes, columns?: readonly string[], block = BLOCK): Promise<TableRows> {
  const { name } = bytes;
  const layout = layoutOf(name, await firstLine(bytes, block), columns);

  async function* chunks(): AsyncGenerator<Float32Array> {
    for await (const part of textBlocks(bytes, block, linesEnd)) {
      const width = layout.names.length;
      let rows = new Float32Array(0);
      let filled = 0;
      for (const line of linesOf(name, part)) {
        const values = layout.valuesOf(line);
        if (filled === rows.length) {
          if (filled > 0) yield rows;
          rows = new Float32Array(chunkRows(part, width) * width);
          filled = 0;
        }
        for (let i = 0; i < values.length; i++) rows[filled++] = numberAt(name, line, values, i, layout.names);
      }
      if (filled > 0) yield rows.subarray(0, filled);
    }
  }
  return { names: [...layout.names], stored: "text", chunks: chunks() };
}

interface Line {
  readonly value: unknown;
  readonly number: number;
}

interface Layout {
  readonly names: readonly string[];
  /** As many values as there are names. */
  valuesOf(line: Line): readonly unknown[];
}

async function firstLine(bytes: Bytes, block: number): Promise<Line> {
  for await (const part of textBlocks(bytes, block, linesEnd)) {
    for (const line of linesOf(bytes.name, part)) return line;
  }
  throw new InputError(`${bytes.name}: has no rows`);
}

function* linesOf(name: string, { text, line }: TextBlock): Generator<Line> {
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].trim() !== "") yield { value: parse(name, lines[i], line + i), number: line + i };
  }
}

function parse(name: string, text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(PYTHON, (token, word) => (word ? standIns[token] : token)));
    } catch (error) {
      const said = (error as Error).message.replace(/\s+/g, " ");
      throw new InputError(`${name}: line ${line}: ${said.slice(0, 120)}; mend or write it again`);
    }
  }
}

/**
 * Python's json writes words that JSON does not have. Strings are matched as well, to be left as they are; one that does
 * not end goes to the end of the text, or each quote in it would be tried as the beginning of another.
 */
const PYTHON = /"(?:[^"\\]|\\.)*"?|(-?Infinity\b|NaN\b)/g;

const standIns: Record<string, string> = { NaN: "null", Infinity: "1e999", "-Infinity": "-1e999" };

function layoutOf(name: string, first: Line, columns?: readonly string[]): Layout {
  const { value } = first;
  if (Array.isArray(value)) return arrayLayout(name, first, value, columns);
  if (typeof value !== "object" || value === null) throw noRow(name, first, "an array of numbers or an object");
  const entries = Object.entries(value);
  checkWidth(name, entries.length);
  const known = entries.map(([key, content]): Column => ({ name: key, kind: kindOf(content) }));
  const places = chooseColumns(name, known, columns);
  const keys = places.map((place) => known[place].name);
  return known[places[0]].kind === "list"
    ? listLayout(name, first, keys[0], (entries[places[0]][1] as unknown[]).length)
    : keysLayout(name, first, keys);
}

function kindOf(content: unknown): Column["kind"] {
  if (isNumber(content)) return "number";
  return Array.isArray(content) && content.length > 0 && content.every(isNumber) ? "list" : "other";
}

const isNumber = (content: unknown): boolean => typeof content === "number" || content === null;

function arrayLayout(name: string, first: Line, content: unknown[], columns?: readonly string[]): Layout {
  checkWidth(name, content.length);
  const known = content.map((_, place): Column => ({ name: String(place), kind: "number" }));
  const places = chooseColumns(name, known, columns);
  return {
    names: places.map(String),
    valuesOf(line) {
      if (!Array.isArray(line.value)) throw noRow(name, line, `an array, as on line ${first.number}`);
      checkLength(name, line, "", line.value, first, content.length);
      return columns ? places.map((place) => (line.value as unknown[])[place]) : line.value;
    },
  };
}

function keysLayout(name: string, first: Line, keys: readonly string[]): Layout {
  return {
    names: keys,
    valuesOf: (line) => keys.map((key) => contentOf(name, line, key, first)),
  };
}

function listLayout(name: string, first: Line, key: string, length: number): Layout {
  checkWidth(name, length);
  return {
    names: Array.from({ length }, (_, i) => `${key}[${i}]`),
    valuesOf(line) {
      const content = contentOf(name, line, key, first);
      if (content === null) return Array.from({ length }, () => null);
      if (!Array.isArray(content))
        throw new InputError(
          `${name}: line ${line.number}, key ${shown(key)} holds ${shown(content)}: no array, as on line ${first.number}`,
        );
      checkLength(name, line, ` in ${shown(key)}`, content, first, length);
      return content;
    },
  };
}

function contentOf(name: string, line: Line, key: string, first: Line): unknown {
  const { value, number } = line;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw noRow(name, line, `an object, as on line ${first.number}`);
  if (!Object.hasOwn(value, key))
    throw new InputError(
      `${name}: line ${number} has no key ${shown(key)}, line ${first.number} has; write null for NaN`,
    );
  return (value as Record<string, unknown>)[key];
}

function checkLength(name: string, line: Line, where: string, list: unknown[], first: Line, length: number): void {
  if (list.length === length) return;
  throw new InputError(
    `${name}: line ${line.number} has ${list.length} values${where}, line ${first.number} has ${length}; give every row as many`,
  );
}

function numberAt(name: string, line: Line, values: readonly unknown[], i: number, names: readonly string[]): number {
  const value = values[i];
  if (typeof value === "number") return value;
  if (value === null) return NaN;
  throw new InputError(
    `${name}: line ${line.number}, column ${shown(names[i])} holds ${shown(value)}: no number; name the numeric columns (option columns)`,
  );
}

function noRow(name: string, { value, number }: Line, wanted: string): InputError {
  return new InputError(`${name}: line ${number} holds ${shown(value)}: a row is ${wanted}`);
}
