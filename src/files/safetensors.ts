/** A head in the safetensors format: the length of a JSON header, the header, and the values it points into. */
import { InputError } from "../errors.ts";
import { shown } from "./columns.ts";
import { type Activation, activationNames, checkHead, type Head, MOST_DROPOUT } from "../head.ts";
import type { Bytes } from "./bytes.ts";
import { openBytes } from "./fileBytes.ts";
import { type Element, elements } from "./elements.ts";
import { extensionOf } from "./extension.ts";
import { writeFileWhole } from "./output.ts";
import { headOf, type Tensor } from "./stateDict.ts";

const ELEMENTS: Record<string, Element> = { F32: elements.f4, F64: elements.f8, F16: elements.f2, BF16: elements.bf16 };
/** The limit of the format's own library. */
const LONGEST_HEADER = 100_000_000;
/** Those of a dense layer are two. */
const MOST_AXES = 64;

/** Where a tensor lies; begin and end count from the first byte behind the header. */
interface Entry {
  readonly name: string;
  readonly element: Element;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/** Reads a head; what is not one dense network, or not a whole file, is an InputError. */
export async function readSafetensors(path: string): Promise<Head> {
  const bytes = await openBytes(path);
  try {
    const { header, start } = await readHeader(bytes);
    const { __metadata__: metadata, ...described } = header;
    const entries = Object.entries(described).map(([name, value]) => entryOf(path, name, value));
    checkSpans(path, entries, bytes.size - start);
    const tensors: Tensor[] = [];
    for (const entry of entries) tensors.push(await readTensor(bytes, start, entry));
    return { ...headOf(path, tensors, activationOf(path, metadata)), dropout: dropoutOf(path, metadata) };
  } finally {
    await bytes.close();
  }
}

/**
 * Writes a head as float32; the metadata hold its activation and its rate of dropout. Layers get the numbers 0, 2, 4, …
 * that they have in nn.Sequential(Linear, ReLU, Linear, …).
 */
export async function writeSafetensors(path: string, head: Head): Promise<void> {
  extensionOf(path, [".safetensors"]);
  checkHead(head, head.layers?.[0]?.inputs);
  const { activation, dropout } = head;
  const rate = dropout === undefined ? {} : { dropout: String(dropout) };
  const header: Record<string, unknown> = { __metadata__: { format: "pt", activation, ...rate } };
  const values: Float32Array[] = [];
  let offset = 0;
  const add = (name: string, shape: number[], data: Float32Array) => {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, (offset += data.byteLength)] };
    values.push(data);
  };
  head.layers.forEach(({ weight, bias, inputs, outputs }, i) => {
    add(`${2 * i}.weight`, [outputs, inputs], weight);
    add(`${2 * i}.bias`, [outputs], bias);
  });
  const json = Buffer.from(JSON.stringify(header));
  // Padded with spaces, so that the values are aligned.
  const prefix = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  prefix.writeBigUInt64LE(BigInt(prefix.length - 8));
  json.copy(prefix, 8);
  await writeFileWhole(path, async (write) => {
    await write(prefix);
    for (const data of values) await write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

async function readHeader(bytes: Bytes): Promise<{ header: Record<string, unknown>; start: number }> {
  const { name, size } = bytes;
  if (size < 8) throw new InputError(`${name}: not a .safetensors file: ${size} bytes; save it again`);
  const prefix = Buffer.alloc(8);
  await bytes.read(prefix, 0);
  const length = Number(prefix.readBigUInt64LE());
  if (length > size - 8)
    throw new InputError(
      `${name}: truncated or not a .safetensors file: its header should have ${length} bytes, ${size - 8} are left; save it again`,
    );
  if (length > LONGEST_HEADER)
    throw new InputError(`${name}: a header of ${length} bytes is too long; save the head alone`);
  const text = new Uint8Array(length);
  await bytes.read(text, 8);
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
    if (isObject(header)) return { header, start: 8 + length };
  } catch {
    // Told below, as is JSON that is not an object.
  }
  throw new InputError(`${name}: not a .safetensors file: its header is not a JSON object; save it again`);
}

function entryOf(file: string, name: string, value: unknown): Entry {
  const said = `${file}: tensor ${shown(name)}`;
  const { dtype, shape, data_offsets: span } = (isObject(value) ? value : {}) as Record<string, unknown>;
  if (
    typeof dtype !== "string" ||
    !isCounts(shape) ||
    shape.length > MOST_AXES ||
    !isCounts(span) ||
    span.length !== 2
  ) {
    throw new InputError(`${said} lacks a sound dtype, shape or data_offsets; save it again`);
  }
  if (!Object.hasOwn(ELEMENTS, dtype))
    throw new InputError(
      `${said} is ${shown(dtype)}; a head holds weights and biases of ${Object.keys(ELEMENTS).join(", ")}`,
    );
  const [begin, end] = span;
  const element = ELEMENTS[dtype];
  const need = shape.reduce((product, count) => product * count, element.size);
  if (need !== end - begin)
    throw new InputError(
      `${said}: shape [${shape.join(", ")}] of ${dtype} needs ${need} bytes, its data_offsets span ${end - begin}; save it again`,
    );
  return { name, element, shape, begin, end };
}

/** The values lie end to end, without a gap, an overlap, or a byte too many: what the format demands. */
function checkSpans(file: string, entries: readonly Entry[], size: number): void {
  let covered = 0;
  let before = "the header";
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end > size)
      throw new InputError(
        `${file}: truncated: tensor ${shown(name)} ends at byte ${end} of ${size}; copy or save it again`,
      );
    if (begin !== covered) {
      const fault = begin < covered ? "overlaps" : "leaves a gap behind";
      throw new InputError(`${file}: tensor ${shown(name)} ${fault} ${before}; save it again`);
    }
    covered = end;
    before = `tensor ${shown(name)}`;
  }
  if (covered < size)
    throw new InputError(`${file}: too long: its tensors end at byte ${covered} of ${size}; save it again`);
}

async function readTensor(bytes: Bytes, start: number, { name, element, shape, begin, end }: Entry): Promise<Tensor> {
  const raw = new Uint8Array(end - begin);
  await bytes.read(raw, start + begin);
  const values = new Float32Array(raw.length / element.size);
  element.decode(raw, values);
  return { name, shape, values };
}

function activationOf(file: string, metadata: unknown): Activation {
  const said = isObject(metadata) ? (metadata.activation ?? "relu") : "relu";
  const activation = activationNames.find((known) => known === said);
  if (!activation)
    throw new InputError(`${file}: activation ${shown(said)} is not known; known: ${activationNames.join(", ")}`);
  return activation;
}

/** The format's metadata are strings. */
function dropoutOf(file: string, metadata: unknown): number | undefined {
  const said = isObject(metadata) ? metadata.dropout : undefined;
  if (said === undefined) return undefined;
  const rate = typeof said === "string" && said.trim() !== "" ? Number(said) : NaN;
  if (!(rate >= 0 && rate <= MOST_DROPOUT))
    throw new InputError(
      `${file}: dropout ${shown(said)} is not a string such as "0.1", of a number from 0 to ${MOST_DROPOUT}; save it again`,
    );
  return rate;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}
