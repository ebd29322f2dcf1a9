/** Pixels as an ImageData has them: one Uint32 each, alpha, blue, green, red from its highest byte on. */

export interface Pixels {
  readonly data: Uint32Array;
  readonly width: number;
  readonly height: number;
}

/** Of a colour as computed styles write it: `rgb(r, g, b)`. */
export function pixelOf(colour: string): number {
  const [red, green, blue] = colour.match(/[\d.]+/g)!.map(Number);
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** `over` laid on `under`, `weight` of 256 parts of it: red and blue at once, then green. */
export function blend(under: number, over: number, weight: number): number {
  const rest = 256 - weight;
  const redBlue = (Math.imul(under & 0xff00ff, rest) + Math.imul(over & 0xff00ff, weight)) >>> 8;
  const green = (Math.imul(under & 0xff00, rest) + Math.imul(over & 0xff00, weight)) >>> 8;
  return 0xff000000 | (redBlue & 0xff00ff) | (green & 0xff00);
}
