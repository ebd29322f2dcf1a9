/** Arrow's tables of columns, as a file or a stream of record batches. */
import { InputError } from "../errors.ts";
import { type Column, columnsOf, type Piece, type Values } from "./arrowBody.ts";
import { type Batch, type Field, type Item, openArrow } from "./arrowFile.ts";
import type { Bytes } from "./bytes.ts";
import { chooseColumns, shown, type TableRows } from "./columns.ts";

/** Values a chunk, unless a single row has more. */
const PIECE = 2 ** 20;

/**
 * Rows of an Arrow file or stream, some at a time, as they are asked for: all columns of single numbers but `row`, the
 * only column of lists, or those named. Nulls are NaN. The bytes stay open.
 */
export async function arrowRows(bytes: Bytes, columns?: readonly string[]): Promise<TableRows> {
  const { name } = bytes;
  try {
    const file = await openArrow(bytes);
    const known = file.fields.map((field) => ({ name: field.name, kind: kindOf(field) }));
    const fields = chooseColumns(name, known, columns).map((place) => file.fields[place]);
    const [first] = fields;
    const cols = first.list ? await listLength(bytes, file.batches(), first) : fields.length;
    const names = first.list
      ? Array.from({ length: cols }, (_, i) => `${first.name}[${i}]`)
      : fields.map((f) => f.name);
    return { names, stored: storedAs(fields), chunks: chunksOf(bytes, file.batches(), fields, cols) };
  } catch (error) {
    throw refusal(name, error);
  }
}

function storedAs(fields: readonly Field[]): string {
  return [...new Set(fields.map(({ item }) => (item === "bits" ? "bool" : item!.name)))].join(", ");
}

function kindOf({ item, list }: Field): "number" | "list" | "other" {
  if (!item) return "other";
  return list ? "list" : "number";
}

/** Of the first list that is there. */
async function listLength(bytes: Bytes, batches: AsyncIterable<Batch>, field: Field): Promise<number> {
  const said = `${bytes.name}: column ${shown(field.name)}`;
  let hasRows = false;
  for await (const batch of batches) {
    const [column] = await columnsOf(bytes, batch, [field]);
    for (let row = 0; row < batch.rows; row += PIECE) {
      hasRows = true;
      const { starts, ends, isThere } = await listsOf(field, column, row, Math.min(PIECE, batch.rows - row));
      const i = starts.findIndex((_, list) => isThere(list));
      if (i < 0) continue;
      if (ends[i] === starts[i]) throw new InputError(`${said} has empty lists`);
      return ends[i] - starts[i];
    }
  }
  throw new InputError(hasRows ? `${said} has only nulls` : `${bytes.name}: has no rows`);
}

async function* chunksOf(
  bytes: Bytes,
  batches: AsyncIterable<Batch>,
  fields: readonly Field[],
  cols: number,
): AsyncGenerator<Float32Array> {
  const rowsAPiece = Math.max(1, Math.floor(PIECE / cols));
  let before = 0;
  try {
    for await (const batch of batches) {
      const columns = await columnsOf(bytes, batch, fields);
      for (let row = 0; row < batch.rows; row += rowsAPiece) {
        const count = Math.min(rowsAPiece, batch.rows - row);
        if (fields[0].list) yield await listRows(bytes.name, fields[0], columns[0], row, count, cols, before);
        else {
          const values = new Float32Array(count * cols);
          for (const [c, { values: column }] of columns.entries()) {
            const numbers = await numbersOf(fields[c].item!, column, row, count);
            for (let i = 0; i < count; i++) values[i * cols + c] = numbers[i];
          }
          yield values;
        }
      }
      before += batch.rows;
    }
  } catch (error) {
    throw refusal(bytes.name, error);
  }
}

async function numbersOf(item: Item, { nulls, data }: Values, from: number, count: number): Promise<Float32Array> {
  const values = new Float32Array(count);
  if (item === "bits") {
    const isTrue = await bitsOf(data, from, count);
    for (let i = 0; i < count; i++) values[i] = isTrue(i) ? 1 : 0;
  } else item.decode(await data.read(from * item.size, count * item.size), values);
  if (nulls) {
    const isThere = await bitsOf(nulls, from, count);
    for (let i = 0; i < count; i++) if (!isThere(i)) values[i] = NaN;
  }
  return values;
}

/** Bits from one on, the lowest of a byte first. */
async function bitsOf(piece: Piece, from: number, count: number): Promise<(i: number) => boolean> {
  const skipped = from % 8;
  const bits = await piece.read((from - skipped) / 8, Math.ceil((skipped + count) / 8));
  return (i) => ((bits[(skipped + i) >> 3] >> ((skipped + i) & 7)) & 1) === 1;
}

/** Some lists of a column: which items each has, and whether it is one, or null. */
interface Lists {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  isThere(list: number): boolean;
}

async function listsOf({ list }: Field, column: Column, row: number, count: number): Promise<Lists> {
  const { nulls, offsets } = column.lists!;
  const isThere = nulls ? await bitsOf(nulls, row, count) : always;
  const bounds = new Float64Array(count + 1);
  if (offsets && "offsetBytes" in list!) {
    const { offsetBytes } = list;
    const { buffer } = await offsets.read(row * offsetBytes, (count + 1) * offsetBytes);
    if (offsetBytes === 4) bounds.set(new Int32Array(buffer));
    else bounds.set(Float64Array.from(new BigInt64Array(buffer), Number));
  } else if ("length" in list!) for (let i = 0; i <= count; i++) bounds[i] = (row + i) * list.length;
  for (let i = 0; i < count; i++)
    if (!(bounds[i] >= 0 && bounds[i] <= bounds[i + 1])) throw new Error("a list lies outside of its items");
  if (!(bounds[count] <= column.values.length)) throw new Error("a list lies outside of its items");
  return { starts: bounds.subarray(0, count), ends: bounds.subarray(1), isThere };
}

const always = (): boolean => true;

/** Rows of lists of `cols` numbers; `before` are the rows before those of the batch. */
async function listRows(
  name: string,
  field: Field,
  column: Column,
  row: number,
  count: number,
  cols: number,
  before: number,
): Promise<Float32Array> {
  const { starts, ends, isThere } = await listsOf(field, column, row, count);
  const [first, last] = [starts[0], ends[count - 1]];
  const numbers = await numbersOf(field.item!, column.values, first, last - first);
  const values = new Float32Array(count * cols);
  for (let i = 0; i < count; i++) {
    if (!isThere(i)) values.fill(NaN, i * cols, (i + 1) * cols);
    else if (ends[i] - starts[i] === cols) values.set(numbers.subarray(starts[i] - first, ends[i] - first), i * cols);
    else
      throw new InputError(
        `${name}: row ${before + row + i}, column ${shown(field.name)} has ${ends[i] - starts[i]} values, rows before have ${cols}; give every row as many`,
      );
  }
  return values;
}

/** Lets errors for the user pass, and tells all others of a file that is damaged. */
function refusal(name: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const said = String((error as Error)?.message ?? error).replace(/\s+/g, " ");
  return new InputError(`${name}: is damaged, or not Arrow: ${said.slice(0, 120)}; copy or write it again`);
}
