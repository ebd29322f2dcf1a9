/** The derivatives that the minimiser is given are those of the value it is given. */
import { expect, test } from "vitest";
import { makeDesign, roomFor } from "../../src/models/design.ts";
import { softmaxObjective } from "../../src/models/softmax.ts";
import { randomUniform } from "../../src/random.ts";
import { drawn, features } from "./drawn.ts";

// 7 rows and 3 columns leave a remainder in every loop that is cut into fours and twos.
const cases = [
  { rows: 7, columns: 3, pinned: false, C: 1 },
  { rows: 8, columns: 4, pinned: false, C: 0.3 },
  { rows: 9, columns: 1, pinned: true, C: 5 },
];

test.each(cases)("$columns columns, pinned $pinned: derivatives are those of finite differences", (given) => {
  const { rows, columns, pinned, C } = given;
  const design = makeDesign(drawn(rows, 4, 2).features, 3);
  const size = columns * design.cols;
  const vary = (seed: number) => Float64Array.from({ length: size }, (_, i) => randomUniform(seed, 9, i) - 0.5);
  const targets = Int32Array.from({ length: rows }, (_, row) => (row % (columns + Number(pinned))) - Number(pinned));
  const objectiveAt = (weights: Float64Array) =>
    softmaxObjective({ design, targets, columns, pinned, C, weights: weights.slice() });
  const look = (weights: Float64Array, direction: Float64Array, step: number) => {
    const seen = { value: 0, slope: 0, curvature: 0 };
    const objective = objectiveAt(weights);
    objective.aim(direction);
    objective.probe(step, seen);
    return seen;
  };
  const start = vary(1);
  const direction = vary(2);
  const h = 1e-5;
  const [before, here, after] = [0.7 - h, 0.7, 0.7 + h].map((step) => look(start, direction, step));
  expect(here.slope).toBeCloseTo((after.value - before.value) / (2 * h), 7);
  expect(here.curvature).toBeCloseTo((after.slope - before.slope) / (2 * h), 7);

  const objective = objectiveAt(start);
  objective.aim(direction);
  objective.probe(0.7, { value: 0, slope: 0, curvature: 0 });
  objective.move(0.7);
  const gradient = new Float64Array(size);
  const diagonal = new Float64Array(size);
  objective.gradient(gradient);
  objective.hessianDiagonal(diagonal);
  const there = start.map((weight, i) => weight + 0.7 * direction[i]);
  for (let i = 0; i < size; i++) {
    const axis = new Float64Array(size);
    axis[i] = 1;
    const [low, high] = [-h, h].map((step) => look(there, axis, step));
    expect(gradient[i]).toBeCloseTo((high.value - low.value) / (2 * h), 7);
    expect(diagonal[i]).toBeCloseTo((high.slope - low.slope) / (2 * h), 7);
  }
});

test("the design's padding and scaling", () => {
  const design = makeDesign(features([1, 5, 3, 5, 5, 5], 2), 2);
  expect(roomFor(3)).toBe(4);
  expect(Array.from(design.mean)).toEqual([3, 5]);
  expect(Array.from(design.scale)).toEqual([Math.sqrt(1 + 2 * (8 / 3)), 1, Math.sqrt(2)]);
  expect(Array.from(design.x.subarray(9))).toEqual([0, 0, 0]);
});
