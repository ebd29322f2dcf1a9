/** An array in numpy's .npz as rows: read where it lies if it is stored, unpacked as it goes by if it is compressed. */
import { Inflate } from "fflate";
import { InputError } from "../errors.ts";
import type { RowSource } from "../matrix.ts";
import type { Bytes } from "./bytes.ts";
import { quoted, shown } from "./columns.ts";
import { npyFile } from "./npy.ts";
import { startOf, zipEntries, type ZipEntry } from "./zip.ts";

const STORED = 0;
const DEFLATED = 8;
/** Characters of one that an example shows. */
const LONGEST_NAME = 80;

/**
 * The array of that name, or the only one there is. Of a compressed one (numpy.savez_compressed) rows are unpacked in their
 * order: going back begins it anew.
 *
 * @throws InputError where there is no such array, or several and none is named
 */
export async function npzRows(bytes: Bytes, array?: string): Promise<RowSource> {
  const entries = (await zipEntries(bytes)).filter(({ name }) => name.endsWith(".npy"));
  const names = entries.map(({ name }) => name.slice(0, -".npy".length));
  const known = quoted(names) || "none";
  if (array === undefined && entries.length !== 1)
    throw new InputError(
      `${bytes.name}: holds ${entries.length} arrays (${known}): name one, as in ${bytes.name}:${(names[0] ?? "name").slice(0, LONGEST_NAME)}`,
    );
  const entry = array === undefined ? entries[0] : entries[names.indexOf(array)];
  if (!entry) throw new InputError(`${bytes.name}: there is no array ${shown(array)}: it has ${known}`);
  const name = entries.length === 1 ? bytes.name : `${bytes.name}:${entry.name.slice(0, -".npy".length)}`;
  return (await npyFile(await contentOf(bytes, entry, name))).source(name);
}

/** What an entry holds, unpacked; errors call it `name`. Closing it closes the archive. */
export async function contentOf(bytes: Bytes, entry: ZipEntry, name: string): Promise<Bytes> {
  const { method, packed, size } = entry;
  const { close } = bytes;
  const start = await startOf(bytes, entry);
  if (method === STORED && packed === size)
    return {
      name,
      size,
      close,
      read: (into, position) => bytes.read(into, start + checked(name, into, position, size)),
    };
  if (method !== DEFLATED)
    throw new InputError(
      `${name}: is packed by a method that numpy does not use (${method}): save it with numpy.savez`,
    );
  const unpacked = new Unpacked(bytes, name, start, packed);
  return {
    name,
    size,
    close,
    read: (into, position) => unpacked.read(into, checked(name, into, position, size)),
  };
}

function checked(name: string, into: Uint8Array, position: number, size: number): number {
  const missing = position + into.length - size;
  if (missing > 0) throw new InputError(`${name}: ends at byte ${size}, ${missing} bytes too early`);
  return position;
}

/** Bytes that are read at a time: they may become a thousand times as many, all at once. */
const PIECE = 2 ** 14;

/** DEFLATE as bytes by position: those behind the last read are unpacked next, and for any before them all again. */
class Unpacked {
  private readonly bytes: Bytes;
  private readonly name: string;
  private readonly start: number;
  private readonly packed: number;
  private inflate = new Inflate();
  /** Bytes that went in. */
  private taken = 0;
  /** Came out, and not read yet; and where the first of them lies. */
  private readonly waiting: Uint8Array[] = [];
  private at = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(bytes: Bytes, name: string, start: number, packed: number) {
    this.bytes = bytes;
    this.name = name;
    this.start = start;
    this.packed = packed;
    this.rewind();
  }

  /** One after the other, however they are asked for. */
  read(into: Uint8Array, position: number): Promise<void> {
    const turn = this.last.then(() => this.fill(into, position));
    this.last = turn.catch(() => this.rewind());
    return turn;
  }

  private rewind(): void {
    this.inflate = new Inflate((piece) => void this.waiting.push(piece));
    this.taken = 0;
    this.waiting.length = 0;
    this.at = 0;
  }

  private async fill(into: Uint8Array, position: number): Promise<void> {
    if (position < this.at) this.rewind();
    for (let done = 0; done < into.length;) {
      const piece = this.waiting[0] ?? (await this.unpack());
      const skipped = Math.min(piece.length, Math.max(0, position - this.at));
      const kept = piece.subarray(skipped, skipped + into.length - done);
      into.set(kept, done);
      done += kept.length;
      const rest = piece.subarray(skipped + kept.length);
      this.at += skipped + kept.length;
      if (rest.length > 0) this.waiting[0] = rest;
      else this.waiting.shift();
    }
  }

  private async unpack(): Promise<Uint8Array> {
    while (this.waiting.length === 0) {
      const left = this.packed - this.taken;
      if (left === 0) throw new InputError(`${this.name}: ends too early: copy or save it again`);
      const piece = new Uint8Array(Math.min(PIECE, left));
      await this.bytes.read(piece, this.start + this.taken);
      this.taken += piece.length;
      try {
        this.inflate.push(piece, this.taken === this.packed);
      } catch (error) {
        throw new InputError(`${this.name}: is damaged: ${(error as Error).message}; copy or save it again`);
      }
    }
    return this.waiting[0];
  }
}
