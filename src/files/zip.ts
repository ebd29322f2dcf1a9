/** What a zip archive holds and where, from its directory: nothing is unpacked. */
import { InputError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";
import { shown } from "./columns.ts";

export interface ZipEntry {
  readonly name: string;
  /** As the archive numbers them: 0 is stored, 8 is DEFLATE. */
  readonly method: number;
  /** Bytes in the archive, and unpacked. */
  readonly packed: number;
  readonly size: number;
  /** Of its own header, behind which the bytes lie. */
  readonly at: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** The record at the end, and the longest comment behind it. */
const LONGEST_END = 22 + 0xffff;
/** A directory of more entries than any archive of arrays has is a trap. */
const LARGEST_DIRECTORY = 2 ** 26;
/** DEFLATE makes no more than 1032 bytes out of one. */
const MOST_INFLATION = 1032;
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;

/** @throws InputError where it is no archive, or one that is damaged, encrypted or in several parts */
export async function zipEntries(bytes: Bytes): Promise<ZipEntry[]> {
  const { at, size, count } = await findDirectory(bytes);
  const directory = await viewOf(bytes, at, size);
  const entries: ZipEntry[] = [];
  let offset = 0;
  let packed = 0;
  for (let i = 0; i < count; i++) {
    if (offset + 46 > size || directory.getUint32(offset, true) !== ENTRY)
      throw damaged(bytes, `entry ${i} is cut off`);
    const lengths = [28, 30, 32].map((field) => directory.getUint16(offset + field, true));
    const end = offset + 46 + lengths[0] + lengths[1] + lengths[2];
    if (end > size) throw damaged(bytes, `entry ${i} is cut off`);
    const entry = entryAt(bytes, directory, offset, lengths[0], lengths[1]);
    if (entry.at + 30 + entry.packed > bytes.size) throw damaged(bytes, `${shown(entry.name)} is cut off`);
    if (entry.size > MOST_INFLATION * entry.packed)
      throw damaged(bytes, `${shown(entry.name)} cannot have ${entry.size} bytes`);
    packed += entry.packed;
    if (packed > bytes.size) throw damaged(bytes, `${shown(entry.name)} overlaps others`);
    entries.push(entry);
    offset = end;
  }
  return entries;
}

/** Where the bytes of an entry begin. */
export async function startOf(bytes: Bytes, { name, at, packed }: ZipEntry): Promise<number> {
  const header = await viewOf(bytes, at, 30);
  const start = at + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (header.getUint32(0, true) !== LOCAL || start + packed > bytes.size)
    throw damaged(bytes, `${shown(name)} is cut off`);
  return start;
}

function entryAt(bytes: Bytes, view: DataView, offset: number, nameLength: number, extraLength: number): ZipEntry {
  const name = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + offset + 46, nameLength));
  if (view.getUint16(offset + 8, true) & 1) throw damaged(bytes, `${shown(name)} is encrypted`);
  let [packed, size] = [20, 24].map((field) => view.getUint32(offset + field, true));
  let at = view.getUint32(offset + 42, true);
  // Numbers that did not fit stand in a field of their own, in this order.
  const wide = wideNumbers(view, offset + 46 + nameLength, extraLength);
  if (size === FULL_32) size = wide.shift() ?? Infinity;
  if (packed === FULL_32) packed = wide.shift() ?? Infinity;
  if (at === FULL_32) at = wide.shift() ?? Infinity;
  return { name, method: view.getUint16(offset + 10, true), packed, size, at };
}

function wideNumbers(view: DataView, from: number, length: number): number[] {
  for (let at = from; at + 4 <= from + length;) {
    const [id, bytes] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const count = Math.floor(Math.min(bytes, from + length - at - 4) / 8);
    if (id === 1) return Array.from({ length: count }, (_, i) => Number(view.getBigUint64(at + 4 + 8 * i, true)));
    at += 4 + bytes;
  }
  return [];
}

async function findDirectory(bytes: Bytes): Promise<{ at: number; size: number; count: number }> {
  const length = Math.min(bytes.size, LONGEST_END);
  const tail = await viewOf(bytes, bytes.size - length, length);
  let end = length - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) throw damaged(bytes, "it has no directory at its end");
  let count = tail.getUint16(end + 10, true);
  let [size, at] = [12, 16].map((field) => tail.getUint32(end + field, true));
  if (count === FULL_16 || size === FULL_32 || at === FULL_32) {
    if (end < 20 || tail.getUint32(end - 20, true) !== LOCATOR_64) throw damaged(bytes, "its directory is not found");
    const wide = await viewOf(bytes, Number(tail.getBigUint64(end - 12, true)), 56);
    if (wide.getUint32(0, true) !== END_64) throw damaged(bytes, "its directory is not found");
    [count, size, at] = [32, 40, 48].map((field) => Number(wide.getBigUint64(field, true)));
  }
  if (at + size > bytes.size || size > LARGEST_DIRECTORY || 46 * count > size)
    throw damaged(bytes, "its directory is cut off");
  return { at, size, count };
}

async function viewOf(bytes: Bytes, at: number, length: number): Promise<DataView> {
  if (!(at >= 0 && at + length <= bytes.size)) throw damaged(bytes, "it is cut off");
  const content = new Uint8Array(length);
  await bytes.read(content, at);
  return new DataView(content.buffer);
}

const damaged = ({ name }: Bytes, what: string): InputError =>
  new InputError(`${name}: not a whole zip archive: ${what}; copy or save it again`);
