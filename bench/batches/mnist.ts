/** Handwritten digits (LeCun et al. 1998): rows as they are met in practice. */
import { createRequire } from "node:module";

const PIXELS = 784;

/** [rows, 784], from 0 to 1: 10,000 at most, digit by digit. Its files are read as they lie; its own API copies lists. */
export function mnistPixels(rows: number): Float32Array {
  const require = createRequire(import.meta.url);
  const pixels = new Float32Array(rows * PIXELS);
  let at = 0;
  for (let digit = 0; digit < 10 && at < pixels.length; digit++) {
    const { data } = require(`mnist/src/digits/${digit}.json`) as { data: number[] };
    const room = pixels.length - at;
    pixels.set(data.length > room ? data.slice(0, room) : data, at);
    at += data.length;
  }
  return pixels;
}
