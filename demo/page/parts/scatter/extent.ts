/** The part of the plane that is drawn, and where a point of it comes to lie. A unit is as long in y as in x. */

export interface Extent {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** All of the points, [rows, 2], and some room around them, in the shape width : height = `aspect`. */
export function extentAround(points: Float32Array, aspect = 4 / 3): Extent {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < points.length; at += 2) {
    const x = points[at];
    const y = points[at + 1];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  if (left > right) [left, right, bottom, top] = [0, 0, 0, 0];
  const [x, y] = [(left + right) / 2, (bottom + top) / 2];
  const spread = Math.max(right - left, aspect * (top - bottom));
  const width = Math.max(1.08 * spread, 1e-6 * (Math.abs(x) + Math.abs(y))) || 1; // points may be all the same
  const height = width / aspect;
  return { left: x - width / 2, right: x + width / 2, bottom: y - height / 2, top: y + height / 2 };
}

export const aspectOf = ({ left, right, bottom, top }: Extent): number => (right - left) / (top - bottom);

/** From the plane to a drawing `width` wide: x grows to the right, y upwards. */
export function projection({ left, right, top }: Extent, width: number) {
  const scale = width / (right - left);
  return {
    scale,
    x: (x: number): number => (x - left) * scale,
    y: (y: number): number => (top - y) * scale,
    back: (x: number, y: number): readonly [x: number, y: number] => [left + x / scale, top - y / scale],
  };
}
