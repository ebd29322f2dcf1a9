/** Handwritten digits with what the book says they are: a pool to ask for, and others that accuracy is measured on. */
import type { Features } from "poolwise";

export const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** Features are the means of 2 × 2 pixels. */
const HALF = SIDE / 2;
const HELD_OUT = 1000;

export interface DigitSet {
  /** Grey levels, 0 for paper and 255 for ink, [rows, 28, 28]. */
  readonly pixels: Uint8Array;
  /** The digit that each row is. */
  readonly labels: Uint8Array;
  /** From 0 to 1, [rows, 14 × 14]. */
  readonly features: Features;
}

export interface Digits {
  readonly pool: DigitSet;
  readonly heldOut: DigitSet;
}

/** Reads what demo/digits/pack.ts has written. */
export async function readDigits(packed: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Digits> {
  const file = await new Response(packed.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const rows = file.byteLength / (1 + PIXELS);
  const labels = new Uint8Array(file, 0, rows);
  const pixels = new Uint8Array(file, rows);
  const part = (from: number, to: number): DigitSet =>
    digitSet(pixels.subarray(from * PIXELS, to * PIXELS), labels.subarray(from, to));
  return { pool: part(0, rows - HELD_OUT), heldOut: part(rows - HELD_OUT, rows) };
}

/** The grey levels of one row, [28, 28]. */
export const pixelsOf = ({ pixels }: DigitSet, row: number): Uint8Array =>
  pixels.subarray(row * PIXELS, (row + 1) * PIXELS);

function digitSet(pixels: Uint8Array, labels: Uint8Array): DigitSet {
  const rows = labels.length;
  const dims = HALF * HALF;
  const data = new Float32Array(rows * dims);
  for (let i = 0; i < pixels.length; i++) {
    const row = Math.floor(i / PIXELS);
    const y = Math.floor((i % PIXELS) / SIDE);
    const x = i % SIDE;
    data[row * dims + (y >> 1) * HALF + (x >> 1)] += pixels[i];
  }
  // Sums of four bytes are whole numbers, so that features are the same bits everywhere.
  for (let i = 0; i < data.length; i++) data[i] /= 4 * 255;
  return { pixels, labels, features: { data, rows, dims } };
}
