/** The buffers of Arrow's record batches: read where they lie, or unpacked. */
import { type Batch, bytesAt, type Codec, type Field, type Node } from "./arrowFile.ts";
import { type Bytes, memoryBytes } from "./bytes.ts";
import { hyparquetCompressors } from "./compressors.ts";
import { unpackLz4 } from "./lz4.ts";

/** Some of the file's bytes, or of what they unpack to. */
export interface Piece {
  readonly length: number;
  /** The bytes begin where their ArrayBuffer does. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Numbers of a column in a batch, or of the items of its lists. What they need is there. */
export interface Values {
  readonly length: number;
  /** A bit each, 0 where there is none. */
  readonly nulls?: Piece;
  readonly data: Piece;
}

/** A column of a batch, or of lists what says which of its items are whose. */
export interface Column {
  readonly values: Values;
  readonly lists?: { readonly nulls?: Piece; readonly offsets?: Piece };
}

/** Buffers that lie within as many bytes are read in one go. */
const NEAR = 2 ** 22;

/** The columns of a batch, all with as many rows as it has. What is not all there throws an Error. */
export async function columnsOf(bytes: Bytes, batch: Batch, fields: readonly Field[]): Promise<Column[]> {
  const { rows } = batch;
  if (!(Number.isSafeInteger(rows) && rows >= 0)) throw new Error(`a batch of ${rows} rows`);
  const pieces = await piecesOf(bytes, batch, fields);
  const piece = (buffer: number, least: number): Piece => {
    const found = pieces.get(buffer)!;
    if (found.length < least) throw new Error(`a column has ${found.length} bytes instead of ${least}`);
    return found;
  };
  const nullsOf = ({ length, nulls }: Node, buffer: number): Piece | undefined =>
    nulls > 0 ? piece(buffer, Math.ceil(length / 8)) : undefined;
  return fields.map((field) => {
    const { item, list, place } = field;
    const first = firstBuffer(batch, field);
    const at = first + buffersBefore(field);
    const [node, items] = batch.nodes.slice(place.node, place.node + 2);
    const held = list ? items : node;
    if (node?.length !== rows || !(held?.length >= 0)) throw new Error(`a column lacks the ${rows} rows of its batch`);
    const { length } = held;
    const data = piece(at + 1, item === "bits" ? Math.ceil(length / 8) : length * item!.size);
    const values = { length, nulls: nullsOf(held, at), data };
    if (!list) return { values };
    const offsets = "offsetBytes" in list && rows > 0 ? piece(first + 1, (rows + 1) * list.offsetBytes) : undefined;
    return { values, lists: { nulls: nullsOf(node, first), offsets } };
  });
}

/** Buffers that say which items are whose. */
function buffersBefore({ list }: Field): number {
  if (!list) return 0;
  return "offsetBytes" in list ? 2 : 1;
}

function firstBuffer({ views }: Batch, { place }: Field): number {
  return views.slice(0, place.view).reduce((sum, count) => sum + count, place.buffer);
}

async function piecesOf(bytes: Bytes, batch: Batch, fields: readonly Field[]): Promise<ReadonlyMap<number, Piece>> {
  const { buffers, codec, start } = batch;
  const chosen = fields.flatMap((field) => {
    const first = firstBuffer(batch, field);
    return Array.from({ length: buffersBefore(field) + 2 }, (_, i) => first + i);
  });
  let [from, to] = [Infinity, 0];
  for (const i of chosen) {
    if (!buffers[i]) throw new Error("a column lacks its buffers");
    from = Math.min(from, buffers[i].offset);
    to = Math.max(to, buffers[i].offset + buffers[i].length);
  }
  const isNear = to - from <= NEAR;
  const source = isNear ? memoryBytes(bytes.name, await bytesAt(bytes, start + from, to - from)) : bytes;
  const begin = isNear ? -from : start;
  const unpack = codec && (await unpackerOf(bytes.name, codec));
  const pieces = new Map<number, Piece>();
  for (const i of chosen) {
    const { offset, length } = buffers[i];
    const plain = pieceOf(source, begin + offset, length);
    pieces.set(i, unpack && length > 0 ? await unpackedPiece(plain, unpack) : plain);
  }
  return pieces;
}

function pieceOf(source: Bytes, begin: number, length: number): Piece {
  return {
    length,
    read(start, count) {
      if (start < 0 || start + count > length) throw new RangeError(`bytes ${start} to ${start + count} of ${length}`);
      return bytesAt(source, begin + start, count);
    },
  };
}

type Unpack = (packed: Uint8Array, size: number) => Uint8Array;

/** What stands before the packed bytes: to how many they unpack. */
const SIZE_BYTES = 8;
/** In its place where packing it did not pay. */
const NOT_PACKED = -1;
/** How often longer what is packed may become: LZ4 by 255 a byte, ZSTD by blocks of 128 KiB in 4 bytes. */
const MOST_TIMES: Record<Codec, number> = { LZ4: 2 ** 8, ZSTD: 2 ** 15 };

async function unpackerOf(name: string, codec: Codec): Promise<Unpack> {
  const { decompressZstd } = codec === "ZSTD" ? await hyparquetCompressors(name, codec) : {};
  return (packed, size) => {
    if (!(size >= 0 && size <= packed.length * MOST_TIMES[codec]))
      throw new Error(`${packed.length} bytes that unpack to ${size}`);
    const unpacked = decompressZstd ? decompressZstd(packed, new Uint8Array(size)) : unpackLz4(packed, size);
    if (unpacked.length !== size) throw new Error(`a buffer unpacks to ${unpacked.length} bytes instead of ${size}`);
    return unpacked;
  };
}

/** Unpacked when it is first read; the packed bytes are not kept. */
async function unpackedPiece(packed: Piece, unpack: Unpack): Promise<Piece> {
  const head = await packed.read(0, SIZE_BYTES);
  const size = Number(new DataView(head.buffer).getBigInt64(0, true));
  const length = packed.length - SIZE_BYTES;
  if (size === NOT_PACKED) return { length, read: (start, count) => packed.read(SIZE_BYTES + start, count) };
  let unpacked: Promise<Piece> | undefined;
  const unpackAll = async (): Promise<Piece> =>
    pieceOf(memoryBytes("buffer", unpack(await packed.read(SIZE_BYTES, length), size)), 0, size);
  return { length: size, read: async (start, count) => (await (unpacked ??= unpackAll())).read(start, count) };
}
