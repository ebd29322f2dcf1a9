/** How points are stored on a device, and how far that moves them. */
import { square } from "../../elementary.ts";
import type { PointStorage } from "../../vectors.ts";

/** Words of 32 bits that a point of so many values takes, which are whole vec4f. */
export const wordsAPoint = (storage: PointStorage, width: number): number =>
  ({ float32: width, float16: width / 2, int8: width / 4 + 1 })[storage];

/**
 * Writes a point to word `to` of a buffer, as its shader reads it (shaders/distances). Gives by how much it is moved at
 * most, which is infinite where it does not fit.
 */
export type StorePoint = (point: Float32Array, words: Uint32Array, to: number) => number;

export const storePoint: Record<PointStorage, StorePoint> = { float32: asIs, float16: asHalves, int8: asBytes };

function asIs(point: Float32Array, words: Uint32Array, to: number): number {
  words.set(new Uint32Array(point.buffer, point.byteOffset, point.length), to);
  return 0;
}

/** The largest float16, and the smallest that no device takes for 0. */
const LARGEST_HALF = 65504;
const SMALLEST_HALF = 2 ** -14;

function asHalves(point: Float32Array, words: Uint32Array, to: number): number {
  let squares = 0;
  for (let d = 0; d < point.length; d++) {
    const half = nearestHalf(point[d]);
    squares += square(point[d] - half);
    const bits = half === 0 ? 0 : bitsOfHalf(half);
    if (d % 2 === 0) words[to + d / 2] = bits;
    else words[to + (d - 1) / 2] |= bits << 16;
  }
  return Math.sqrt(squares) * WIDER;
}

/** As a number; infinite beyond the largest, 0 below the smallest. */
function nearestHalf(value: number): number {
  // What is left of float64's 53 bits are the upper 11 (Dekker 1971).
  const shifted = value * (2 ** 42 + 1);
  const half = shifted - (shifted - value);
  const size = Math.abs(half);
  if (size < SMALLEST_HALF) return 0;
  return size > LARGEST_HALF ? Infinity : half;
}

/** The upper bits of the same number in float32, with another zero of its exponent. */
function bitsOfHalf(half: number): number {
  scratch.setFloat32(0, half);
  const bits = scratch.getUint32(0);
  return ((bits >>> 16) & 0x8000) | (((bits >>> 13) - (112 << 10)) & 0x7fff);
}

const scratch = new DataView(new ArrayBuffer(4));

const LARGEST_BYTE = 127;
/** What a device may take for 0, if it were a scale. */
const SMALLEST_SCALE = 2 ** -120;

function asBytes(point: Float32Array, words: Uint32Array, to: number): number {
  const largest = point.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = largest / LARGEST_BYTE < SMALLEST_SCALE ? 0 : Math.fround(largest / LARGEST_BYTE);
  const bytes = new Int8Array(words.buffer, words.byteOffset + 4 * (to + 1), point.length);
  scratch.setFloat32(0, scale);
  words[to] = scratch.getUint32(0);
  let squares = 0;
  for (let d = 0; d < point.length; d++) {
    bytes[d] = scale === 0 ? 0 : Math.max(-LARGEST_BYTE, Math.min(LARGEST_BYTE, Math.round(point[d] / scale)));
    // The product is rounded to float32 on the device.
    squares += square(Math.abs(point[d] - bytes[d] * scale) + Math.abs(bytes[d] * scale) * 2 ** -24);
  }
  return Math.sqrt(squares) * WIDER;
}

/** Widens what float64 rounds. */
const WIDER = 1 + 2 ** -40;
