/**
 * Points as discs, pixel by pixel: a canvas asked for a hundred thousand arcs takes a second, this a few milliseconds.
 * Many points are small and let each other through, so that a crowd looks like one.
 */
import { projection, type Extent } from "./extent.ts";
import { blend, type Pixels } from "./pixels.ts";

export interface PointsLook {
  /** Classes of the points, if they have any: the first colour is for all otherwise. */
  readonly classes?: Uint8Array;
  /** Pixels, by class; class 0 comes again after the last. */
  readonly palette: readonly number[];
  /** Device pixels to a CSS pixel. */
  readonly ratio: number;
}

export function drawPoints(pixels: Pixels, extent: Extent, points: Float32Array, look: PointsLook): void {
  const { data, width, height } = pixels;
  const { classes, palette } = look;
  const stamp = stampOf(points.length / 2, look.ratio, width);
  const { left, top } = extent;
  const { scale } = projection(extent, width);
  const { reach, offsets, weights } = stamp;
  for (let row = 0; 2 * row < points.length; row++) {
    const x = Math.floor((points[2 * row] - left) * scale);
    const y = Math.floor((top - points[2 * row + 1]) * scale);
    if (!(x >= reach && x < width - reach && y >= reach && y < height - reach)) continue; // NaN, too
    const colour = palette[classes ? classes[row] % palette.length : 0];
    const at = y * width + x;
    for (let i = 0; i < offsets.length; i++) data[at + offsets[i]] = blend(data[at + offsets[i]], colour, weights[i]);
  }
}

/** A disc around a pixel: which pixels it covers, from that one on, and how much of 256 of each. */
function stampOf(rows: number, ratio: number, width: number) {
  const crowd = Math.sqrt(rows);
  const radius = ratio * Math.min(3.5, Math.max(0.6, 220 / crowd));
  const opacity = Math.min(0.85, Math.max(0.2, 160 / crowd));
  const reach = Math.max(0, Math.ceil(radius - 0.5));
  const offsets: number[] = [];
  const weights: number[] = [];
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const covered = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
      if (!covered) continue;
      offsets.push(dy * width + dx);
      weights.push(Math.round(256 * opacity * covered));
    }
  }
  return { reach, offsets: Int32Array.from(offsets), weights: Int32Array.from(weights) };
}
