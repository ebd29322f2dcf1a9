/** The index behind hovering finds what a search of all points finds. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { extentAround, projection } from "../../demo/page/parts/scatter/extent.ts";
import { PointGrid } from "../../demo/page/parts/scatter/grid.ts";

const coordinate = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ min: -4, max: 4, noNaN: true }));
const pointsGiven = fc
  .array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 60 })
  .map((pairs) => Float32Array.from(pairs.flat()));

test("finds the nearest point within reach, the lowest row of several", () => {
  fc.assert(
    fc.property(
      pointsGiven,
      coordinate,
      coordinate,
      fc.double({ min: 0.01, max: 6, noNaN: true }),
      (points, x, y, reach) => {
        const grid = new PointGrid(points, extentAround(points));
        expect(grid.nearest(x, y, reach)).toBe(nearestOfAll(points, x, y, reach));
      },
    ),
    { numRuns: 1000 },
  );
});

test("leaves out what is outside the extent, and what is nowhere", () => {
  const points = Float32Array.of(0, 0, 5, 5, NaN, 0);
  const grid = new PointGrid(points, { left: -1, right: 1, bottom: -1, top: 1 });
  expect(grid.nearest(0.5, 0.5, 100)).toBe(0);
});

test("an extent holds all points in the shape asked for, and projects there and back", () => {
  fc.assert(
    fc.property(pointsGiven, fc.double({ min: 0.3, max: 3, noNaN: true }), (points, aspect) => {
      const extent = extentAround(points, aspect);
      const { x, y, back } = projection(extent, 600);
      for (let at = 0; at < points.length; at += 2) {
        const [px, py] = [x(points[at]), y(points[at + 1])];
        expect(px).toBeGreaterThan(0);
        expect(px).toBeLessThan(600);
        expect(py).toBeGreaterThan(0);
        expect(py).toBeLessThan(600 / aspect);
        expect(back(px, py)[0]).toBeCloseTo(points[at], 6);
        expect(back(px, py)[1]).toBeCloseTo(points[at + 1], 6);
      }
    }),
  );
});

function nearestOfAll(points: Float32Array, x: number, y: number, reach: number): number | undefined {
  const squared = (row: number): number => (points[2 * row] - x) ** 2 + (points[2 * row + 1] - y) ** 2;
  const rows = Array.from({ length: points.length / 2 }, (_, row) => row).filter(
    (row) => squared(row) <= reach * reach,
  );
  return rows.sort((a, b) => squared(a) - squared(b) || a - b)[0];
}
