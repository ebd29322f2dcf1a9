/**
 * The leading eigenvectors of a symmetric matrix: a block of vectors and its first few images under the matrix (a Krylov
 * space), within which the eigenvectors are settled; the best of them begin the next such space.
 */
import { square } from "../elementary.ts";
import type { Pace } from "../pace.ts";
import { randomUniform, streams } from "../random.ts";
import { multiply, roomFor } from "./design.ts";

/** Vectors of a block beyond those asked for, so that some that are nearly alike do not hold up the others. */
const SPARE = 8;
/** Blocks that a space consists of. A matrix of no more than so many vectors is settled by the first. */
const BLOCKS = 8;
const MOST_SPACES = 100;
/** What ‖Av − λv‖ may be, of the largest eigenvalue. */
const TOLERANCE = 1e-11;

/**
 * The `count` largest eigenvalues of a matrix that has none below 0, and vectors of length 1 to them, [count, size]: the
 * largest value of each is positive. `matrix` is [roomFor(size), size], the rows past `size` zeros.
 */
export async function leadingVectors(matrix: Float64Array, size: number, count: number, pace: Pace) {
  const width = Math.min(size, count + SPARE);
  let block = Array.from({ length: width }, (_, i) => drawn(i, size));
  for (let space = 1; ; space++) {
    const { basis, images } = krylovSpace(matrix, size, block);
    const projected = basis.map((vector) => images.map((image) => dot(vector, image)));
    const { values, vectors: weights } = await eigenvectors(projected, pace);
    block = weights.slice(0, width).map((own) => mixed(own, basis));
    const misses = block.slice(0, count).map((vector, i) => gap(mixed(weights[i], images), vector, values[i]));
    const converged = Math.max(...misses) <= TOLERANCE * values[0];
    if (converged || space === MOST_SPACES)
      return {
        vectors: flat(block.slice(0, count).map(pointed)),
        values: Float64Array.from(values.slice(0, count), (value) => Math.max(0, value)),
        converged,
      };
    await pace.turn();
  }
}

/** An orthonormal basis of a block and its images, images of those, and so on; and the image of each vector of it. */
function krylovSpace(matrix: Float64Array, size: number, block: readonly Float64Array[]) {
  const most = Math.min(size, BLOCKS * block.length);
  const basis: Float64Array[] = [];
  const images: Float64Array[] = [];
  for (let next = block; ; next = images.slice(-block.length)) {
    const added = next.slice(0, most - basis.length).map((vector) => vector.slice());
    orthonormalise(added, basis);
    basis.push(...added);
    const out = new Float64Array(roomFor(size) * added.length);
    multiply({ x: matrix, cols: size }, flat(added), added.length, out);
    images.push(...added.map((vector, i) => vector.map((_, d) => out[d * added.length + i])));
    if (basis.length === most) return { basis, images };
  }
}

/** Any vector will do that is at right angles to no eigenvector: one drawn is not. */
const drawn = (place: number, size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, d) => randomUniform(0, streams.sample, place, d) - 0.5);

/**
 * Makes vectors orthonormal, to each other and to those before them: Gram and Schmidt's way, twice, which is enough. One
 * that nothing is left of is drawn anew.
 */
function orthonormalise(vectors: Float64Array[], before: readonly Float64Array[]): void {
  for (let i = 0, draws = before.length + vectors.length; i < vectors.length; i++) {
    for (let turn = 0; turn < 2; turn++) {
      const whole = length(vectors[i]);
      for (const other of before) addTo(vectors[i], other, -dot(vectors[i], other));
      for (let j = 0; j < i; j++) addTo(vectors[i], vectors[j], -dot(vectors[i], vectors[j]));
      const left = length(vectors[i]);
      if (left > LEAST_LEFT * whole) scale(vectors[i], 1 / left);
      else {
        vectors[i] = drawn(draws++, vectors[i].length);
        turn = -1;
      }
    }
  }
}

/** Of a vector's length: less than that is what rounding left. */
const LEAST_LEFT = 1e-12;

/** Of a small symmetric matrix, the largest first: Jacobi's rotations until nothing is left beside the diagonal. */
async function eigenvectors(given: readonly (readonly number[])[], pace: Pace) {
  const size = given.length;
  const matrix = given.map((row, i) => row.map((value, j) => (value + given[j][i]) / 2));
  const vectors = matrix.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  // Beside a diagonal that is nothing itself, nothing would ever be small.
  const least = 1e-17 * Math.max(...matrix.map((row, i) => Math.abs(row[i])));
  const isSmall = (i: number, j: number): boolean =>
    Math.abs(matrix[i][j]) <= Math.max(least, 1e-16 * Math.sqrt(Math.abs(matrix[i][i] * matrix[j][j])));
  for (let sweep = 0, isDone = false; !isDone && sweep < 50; sweep++) {
    isDone = true;
    for (let i = 0; i < size; i++) {
      for (let j = i + 1; j < size; j++) {
        if (isSmall(i, j)) continue;
        isDone = false;
        const ratio = (matrix[j][j] - matrix[i][i]) / (2 * matrix[i][j]);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + square(ratio)));
        const cosine = 1 / Math.sqrt(1 + square(tangent));
        for (const row of matrix) rotate(row, i, j, cosine, tangent * cosine);
        rotateRows(matrix, i, j, cosine, tangent * cosine);
        rotateRows(vectors, i, j, cosine, tangent * cosine);
      }
      await pace.turn();
    }
  }
  const order = matrix.map((_, i) => i).sort((a, b) => matrix[b][b] - matrix[a][a]);
  return { values: order.map((i) => matrix[i][i]), vectors: order.map((i) => vectors[i]) };
}

function rotate(row: number[], i: number, j: number, cosine: number, sine: number): void {
  [row[i], row[j]] = [cosine * row[i] - sine * row[j], sine * row[i] + cosine * row[j]];
}

function rotateRows(rows: number[][], i: number, j: number, cosine: number, sine: number): void {
  for (let at = 0; at < rows.length; at++) {
    const [a, b] = [rows[i][at], rows[j][at]];
    rows[i][at] = cosine * a - sine * b;
    rows[j][at] = sine * a + cosine * b;
  }
}

/** The sum of vectors, each by its weight. */
function mixed(weights: readonly number[], vectors: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(vectors[0].length);
  weights.forEach((weight, i) => addTo(sum, vectors[i], weight));
  return sum;
}

/** Turned so that its largest value is positive. */
function pointed(vector: Float64Array): Float64Array {
  const largest = vector.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
  if (largest < 0) scale(vector, -1);
  return vector;
}

/** ‖image − value · vector‖. */
function gap(image: Float64Array, vector: Float64Array, value: number): number {
  const rest = image.slice();
  addTo(rest, vector, -value);
  return length(rest);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}

const length = (vector: Float64Array): number => Math.sqrt(dot(vector, vector));

function addTo(sum: Float64Array, vector: Float64Array, weight: number): void {
  for (let d = 0; d < sum.length; d++) sum[d] += weight * vector[d];
}

function scale(vector: Float64Array, by: number): void {
  for (let d = 0; d < vector.length; d++) vector[d] *= by;
}

function flat(vectors: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(vectors.length * vectors[0].length);
  vectors.forEach((vector, i) => all.set(vector, i * vector.length));
  return all;
}
