/** Symmetric positive definite systems, by Cholesky's factor. */

/** The lower factor of a matrix [size, size] of which the lower half is read, in its place. */
export function factored(matrix: Float64Array): Float64Array {
  const size = Math.sqrt(matrix.length);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
      matrix[i * size + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * size + j];
    }
  }
  return matrix;
}

/** The solution for a right-hand side, [size]. */
export function solve(factor: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const found = right.slice();
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) found[i] -= factor[i * size + j] * found[j];
    found[i] /= factor[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let j = i + 1; j < size; j++) found[i] -= factor[j * size + i] * found[j];
    found[i] /= factor[i * size + i];
  }
  return found;
}
