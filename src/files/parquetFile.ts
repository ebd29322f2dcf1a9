/** What a Parquet file says of itself, by way of hyparquet, once it is known to be possible. */
import type { ColumnMetaData, FileMetaData, SchemaElement, SchemaTree } from "hyparquet";
import { InputError } from "../errors.ts";
import { shown } from "./columns.ts";
import type { Bytes } from "./bytes.ts";
import { type Layout, LONGEST_DECIMAL } from "./parquetPages.ts";
import { readStruct } from "./thrift.ts";

/** Read first: most descriptions are not longer. */
const FIRST_GUESS = 2 ** 16;
const LONGEST_FOOTER = 2 ** 28;

export interface Column {
  readonly name: string;
  /** Where its pages are found among a group's columns. */
  readonly leaf: number;
  readonly isList: boolean;
  readonly layout: Layout;
}

/** A column that is not read, and why. */
export interface Other {
  readonly name: string;
  readonly what: string;
}

/** The pages of a column in a row group. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
  readonly codec: string;
  readonly entries: number;
}

export interface Group {
  readonly firstRow: number;
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

export interface ParquetFile {
  readonly name: string;
  readonly rows: number;
  readonly groups: readonly Group[];
  readonly columns: readonly (Column | Other)[];
}

export async function openFile(bytes: Bytes): Promise<ParquetFile> {
  const { name, size } = bytes;
  const footer = await readFooter(bytes);
  const { parquetMetadata, parquetSchema } = await hyparquet(name);
  // hyparquet allocates what a list claims to hold, so the claims are looked at first.
  const { fields } = readStruct(footer.subarray(0, -8), 0);
  if (!Array.isArray(fields.get(2)) || !Array.isArray(fields.get(4)))
    throw new Error("its description lacks columns or row groups");
  const metadata = described(() => parquetMetadata(footer, { geoparquet: false }));
  const leaves: SchemaTree[] = [];
  const tree = described(() => parquetSchema(metadata));
  const columns = tree.children.map((child) => columnOf(child, leaves));
  const groups = groupsOf(name, metadata, leaves, size - footer.length);
  const { firstRow, rows } = groups[groups.length - 1] ?? { firstRow: 0, rows: 0 };
  const total = firstRow + rows;
  if (Number(metadata.num_rows) !== total)
    throw new Error(`${metadata.num_rows} rows are said to be there, its groups have ${total}`);
  if (total === 0) throw new InputError(`${name}: no rows; give at least one`);
  return { name, rows: total, groups, columns };
}

/** What hyparquet makes of a description; where that is damaged, it trips over what is not there. */
function described<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw new Error("its description is damaged", { cause: error });
  }
}

/** The description, its length, and the magic behind it: the end of the file, which hyparquet wants whole. */
async function readFooter(bytes: Bytes): Promise<Uint8Array> {
  const { name, size } = bytes;
  const notParquet = new InputError(`${name}: not a .parquet file, or not a whole one; copy or save it again`);
  if (size < 12) throw notParquet;
  const guess = new Uint8Array(Math.min(size, FIRST_GUESS));
  await bytes.read(guess, size - guess.length);
  const magic = String.fromCharCode(...guess.subarray(-4));
  if (magic === "PARE") throw new InputError(`${name}: the file is encrypted; save it without encryption`);
  if (magic !== "PAR1") throw notParquet;
  const length = new DataView(guess.buffer).getUint32(guess.length - 8, true) + 8;
  if (length > size - 4) throw new Error(`its description should have ${length - 8} bytes, ${size - 12} are there`);
  if (length > LONGEST_FOOTER) throw new InputError(`${name}: a description of ${length} bytes is too long`);
  if (length <= guess.length) return guess.slice(-length);
  const footer = new Uint8Array(length);
  await bytes.read(footer.subarray(0, length - guess.length), size - length);
  footer.set(guess, length - guess.length);
  return footer;
}

/** A column at the top of the file; what lies below it are leaves, in the order of a group's columns. */
function columnOf(tree: SchemaTree, leaves: SchemaTree[]): Column | Other {
  const { name } = tree.element;
  const leaf = leaves.length;
  const chain = [tree];
  for (let last = tree; last.children.length === 1; chain.push(last)) last = last.children[0];
  addLeaves(tree, leaves);
  const { children, element } = chain[chain.length - 1];
  const repeated = chain.findIndex((node) => node.element.repetition_type === "REPEATED");
  const repeats = chain.filter((node) => node.element.repetition_type === "REPEATED").length;
  const isList =
    repeats === 1 &&
    (chain.length === 1 || (chain.length <= 3 && repeated === 1 && annotation(tree.element) === "LIST"));
  if (children.length > 0 || (chain.length > 1 && !isList)) {
    const kind = annotation(tree.element);
    return { name, what: kind === "MAP" ? "a map" : kind === "LIST" ? "lists of lists or structs" : "a struct" };
  }
  const layout = layoutOf(element);
  if (typeof layout === "string") return { name, what: isList ? `lists of ${layout}` : layout };
  const levels = chain.map((node) => (node.element.repetition_type === "REQUIRED" ? 0 : 1));
  const defined = levels.reduce<number>((sum, level) => sum + level, 0);
  const entry = isList ? levels.slice(0, repeated + 1).reduce<number>((sum, level) => sum + level, 0) : 0;
  return { name, leaf, isList, layout: { ...layout, defined, entry } };
}

function addLeaves(tree: SchemaTree, leaves: SchemaTree[]): void {
  if (tree.children.length === 0) leaves.push(tree);
  for (const child of tree.children) addLeaves(child, leaves);
}

/** What a column means beyond its type; old files say it in another field. */
function annotation({ logical_type: logical, converted_type: converted }: SchemaElement): string | undefined {
  return logical?.type ?? converted;
}

/** How numbers are stored, or what is stored instead of them. */
function layoutOf(element: SchemaElement): Omit<Layout, "defined" | "entry"> | string {
  const { type, type_length: length = 0, logical_type: logical, converted_type: converted } = element;
  const meaning = annotation(element);
  if (type === undefined) return "a struct without fields";
  if (meaning === "DECIMAL" && type !== "INT96" && type !== "FLOAT" && type !== "DOUBLE" && type !== "BOOLEAN") {
    const scale = logical?.type === "DECIMAL" ? logical.scale : element.scale;
    if (type !== "FIXED_LEN_BYTE_ARRAY" || (length >= 1 && length <= LONGEST_DECIMAL))
      return { type, length, unsigned: false, scale: scale ?? 0 };
  }
  if (type === "FIXED_LEN_BYTE_ARRAY" && meaning === "FLOAT16" && length === 2)
    return { type, length, unsigned: false };
  const isInteger = meaning === undefined || meaning === "INTEGER" || /^U?INT_\d+$/.test(meaning);
  const bare = type === "FLOAT" || type === "DOUBLE" || type === "BOOLEAN";
  if ((bare && meaning === undefined) || ((type === "INT32" || type === "INT64") && isInteger)) {
    const unsigned = logical?.type === "INTEGER" ? !logical.isSigned : converted?.startsWith("UINT_") === true;
    return { type, length, unsigned };
  }
  if (type === "INT96") return "timestamps";
  if (meaning !== undefined && Object.hasOwn(MEANINGS, meaning)) return MEANINGS[meaning];
  return meaning?.toLowerCase() ?? (type === "BYTE_ARRAY" ? "strings or bytes" : "bytes");
}

const MEANINGS: Record<string, string> = {
  STRING: "strings",
  UTF8: "strings",
  ENUM: "strings",
  JSON: "JSON",
  DATE: "dates",
  TIME: "times",
  TIME_MILLIS: "times",
  TIME_MICROS: "times",
  TIMESTAMP: "timestamps",
  TIMESTAMP_MILLIS: "timestamps",
  TIMESTAMP_MICROS: "timestamps",
  NULL: "nothing but nulls",
};

/** Row groups with rows, once what they say of themselves is possible in a file whose pages end at `end`. */
function groupsOf(name: string, metadata: FileMetaData, leaves: readonly SchemaTree[], end: number): Group[] {
  const groups: Group[] = [];
  let firstRow = 0;
  for (const [g, { num_rows: said, columns }] of metadata.row_groups.entries()) {
    const rows = Number(said);
    if (!(rows >= 0 && Number.isSafeInteger(firstRow + rows))) throw new Error(`row group ${g} has ${said} rows`);
    if (columns.length !== leaves.length)
      throw new Error(`row group ${g} has ${columns.length} columns, the file has ${leaves.length}`);
    if (rows === 0) continue;
    const chunks = columns.map(({ meta_data: meta, file_path: path, crypto_metadata: crypto }, i): Chunk => {
      const column = shown(leaves[i].path.join("."));
      if (path) throw new InputError(`${name}: column ${column} lies in a file of its own; save all in one`);
      if (crypto || !meta) throw new InputError(`${name}: column ${column} is encrypted; save it without encryption`);
      return chunkOf(`row group ${g}, column ${column}`, meta, leaves[i], rows, end);
    });
    groups.push({ firstRow, rows, chunks });
    firstRow += rows;
  }
  return groups;
}

function chunkOf(said: string, meta: ColumnMetaData, leaf: SchemaTree, rows: number, fileEnd: number): Chunk {
  const { type, codec, num_values: values, path_in_schema: path } = meta;
  if (type !== leaf.element.type || path.join() !== leaf.path.join())
    throw new Error(`${said} is described as ${type} of ${shown(path.join("."))}`);
  const data = Number(meta.data_page_offset);
  const dictionary = Number(meta.dictionary_page_offset ?? 0);
  // Some writers leave out where the dictionary lies, or say 0: then it is where the data are said to be.
  const start = dictionary > 0 ? Math.min(dictionary, data) : data;
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 4 && end >= start && end <= fileEnd))
    throw new Error(`${said} lies at bytes ${start} to ${end}, of ${fileEnd}`);
  const entries = Number(values);
  const isFlat = leaf.path.length === 1 && leaf.element.repetition_type !== "REPEATED";
  if (!(isFlat ? entries === rows : entries >= 0)) throw new Error(`${said} has ${values} values in ${rows} rows`);
  return { start, end, codec: codec ?? "unknown", entries };
}

async function hyparquet(name: string): Promise<typeof import("hyparquet")> {
  return import("hyparquet").catch(() => {
    throw new InputError(`${name}: to read .parquet the package hyparquet is needed: npm install hyparquet`);
  });
}
