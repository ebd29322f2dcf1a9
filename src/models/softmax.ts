/** The objective of logistic regression: ½‖W‖² + C · Σ cross-entropy, intercepts unpenalised. */
import { exp, log, square } from "../elementary.ts";
import { type Design, multiply, multiplySquares, multiplyTransposed, roomFor } from "./design.ts";
import type { LinearObjective, Probe } from "./lbfgs.ts";

export interface SoftmaxProblem {
  readonly design: Design;
  /** The column each row belongs to, [rows]; −1 is the pinned class. */
  readonly targets: Int32Array;
  /** Columns with weights of their own. */
  readonly columns: number;
  /** Whether there is one more class, before all others, whose logit is always 0. */
  readonly pinned: boolean;
  /** Weight of the loss against the penalty. */
  readonly C: number;
  /** Where to start, [columns, cols], in the units of the design. Moved in place to the minimum. */
  readonly weights: Float64Array;
}

/** Softmax regression as an objective to minimise. Nothing is allocated after this call. */
export function softmaxObjective({ design, targets, columns, pinned, C, weights }: SoftmaxProblem): LinearObjective {
  const { cols, dims, rows, scale } = design;
  const size = columns * cols;
  const room = roomFor(rows) * columns;
  const logits = new Float64Array(room);
  const changes = new Float64Array(room);
  /** C · (p − target) at the last probe: the factors of Xᵀ in the gradient. */
  const residuals = new Float64Array(room);
  const bends = new Float64Array(room);
  const penalty = Float64Array.from({ length: size }, (_, i) => (i % cols === dims ? 0 : 1 / square(scale[i % cols])));
  let direction: Float64Array = new Float64Array(size);
  multiply(design, weights, columns, logits);

  function aim(next: Float64Array): void {
    direction = next;
    multiply(design, direction, columns, changes);
  }

  function probe(step: number, into: Probe): void {
    let value = 0;
    let slope = 0;
    let curvature = 0;
    for (let i = 0; i < size; i++) {
      const weight = weights[i] + step * direction[i];
      value += 0.5 * penalty[i] * weight * weight;
      slope += penalty[i] * weight * direction[i];
      curvature += penalty[i] * direction[i] * direction[i];
    }
    for (let row = 0, first = 0; row < rows; row++, first += columns) {
      const last = first + columns;
      let max = pinned ? 0 : -Infinity;
      for (let i = first; i < last; i++) max = Math.max(max, logits[i] + step * changes[i]);
      let total = pinned ? exp(-max) : 0;
      for (let i = first; i < last; i++) {
        residuals[i] = exp(logits[i] + step * changes[i] - max);
        total += residuals[i];
      }
      let mean = 0;
      let meanSquare = 0;
      for (let i = first; i < last; i++) {
        const p = residuals[i] / total;
        mean += p * changes[i];
        meanSquare += p * changes[i] * changes[i];
        residuals[i] = C * p;
      }
      value += C * (log(total) + max);
      slope += C * mean;
      curvature += C * Math.max(0, meanSquare - mean * mean);
      const target = first + targets[row];
      if (target < first) continue;
      value -= C * (logits[target] + step * changes[target]);
      slope -= C * changes[target];
      residuals[target] -= C;
    }
    into.value = value;
    into.slope = slope;
    into.curvature = curvature;
  }

  function move(step: number): void {
    for (let i = 0; i < size; i++) weights[i] += step * direction[i];
    for (let i = 0; i < room; i++) logits[i] += step * changes[i];
  }

  function gradient(into: Float64Array): void {
    multiplyTransposed(design, residuals, columns, into);
    for (let i = 0; i < size; i++) into[i] += penalty[i] * weights[i];
  }

  function hessianDiagonal(into: Float64Array): void {
    for (let row = 0, i = 0; row < rows; row++) {
      for (let k = 0; k < columns; k++, i++) {
        const p = residuals[i] / C + (targets[row] === k ? 1 : 0);
        bends[i] = C * p * (1 - p);
      }
    }
    multiplySquares(design, bends, columns, into);
    for (let i = 0; i < size; i++) into[i] += penalty[i];
  }

  return { size, aim, probe, move, gradient, hessianDiagonal };
}
