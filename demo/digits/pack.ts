/** The digits that the page shows, as one file: rows of the `mnist` package, packed when the page is built. */
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { randomBits, streams } from "../../src/random.ts";

const ROWS = 5000;
const PIXELS = 28 * 28;

/** Gzip of the labels, a byte each, and then the pixels, a byte each, of ROWS digits in an order drawn by lot. */
export function packDigits(): Buffer<ArrayBuffer> {
  const digits = Array.from({ length: 10 }, (_, digit) => levelsOf(digit));
  const all = digits.flatMap((levels, label) =>
    Array.from({ length: levels.length / PIXELS }, (_, i) => ({
      label,
      pixels: levels.subarray(i * PIXELS, (i + 1) * PIXELS),
    })),
  );
  const lots = all.map((digit, row) => ({ digit, lot: randomBits(1, streams.sample, row) }));
  const drawn = lots.sort((a, b) => a.lot - b.lot).slice(0, ROWS);
  const labels = Uint8Array.from(drawn, ({ digit }) => digit.label);
  return gzipSync(Buffer.concat([labels, ...drawn.map(({ digit }) => digit.pixels)]));
}

/** Every grey level there is of one digit, 0 … 255, [rows, 784]. Its files are read as they lie; its own API copies lists. */
function levelsOf(digit: number): Uint8Array {
  const require = createRequire(import.meta.url);
  const { data } = require(`mnist/src/digits/${digit}.json`) as { data: number[] };
  return Uint8Array.from(data, (share) => Math.round(255 * share));
}
