/**
 * L-BFGS for convex objectives of a linear model: loss(X·θ) + a quadratic penalty.
 *
 * The logits X·θ are linear in θ, so once X·direction is known the objective along a line costs no product with X: the
 * line search is a one-dimensional Newton search, nearly exact and nearly free. An iteration costs one product with X
 * and one with its transpose. Nocedal & Wright, Numerical Optimization, 2nd edition, algorithm 7.4.
 */

/** What the objective is like at one point of a line. */
export interface Probe {
  value: number;
  /** First derivative with respect to the step. */
  slope: number;
  /** Second derivative. */
  curvature: number;
}

/** A convex objective that stands at a point, looks along a direction, and moves. */
export interface LinearObjective {
  readonly size: number;
  /** Sets the direction in which `probe` looks and `move` goes. */
  aim(direction: Float64Array): void;
  /** What the objective is like `step` times the direction away. */
  probe(step: number, into: Probe): void;
  /** Goes to the last probe, which was at this step. */
  move(step: number): void;
  /** The gradient where it stands. The last probe must have been there. */
  gradient(into: Float64Array): void;
  /** The second derivative in each direction of its own, under the same condition. */
  hessianDiagonal(into: Float64Array): void;
}

export interface Minimum {
  readonly iterations: number;
  /** True when the gradient fell to the tolerance. */
  readonly converged: boolean;
  readonly value: number;
  /** Largest absolute entry of the gradient. */
  readonly gradient: number;
}

/** Steps remembered. Next to a product with X they cost nothing, and thirty save up to a third of the steps of ten. */
const history = 30;
const probes = 40;
/** Least entry of a Hessian's diagonal to be trusted: an objective that is flat to the last digit has a 0 there. */
const flattest = 1e-10;

/** Moves the objective until no entry of its gradient exceeds `tolerance`, or no step makes it smaller. */
export function minimise(objective: LinearObjective, tolerance: number, maxIterations: number): Minimum {
  const { size } = objective;
  const memory = curvatureMemory(size);
  const direction = new Float64Array(size);
  const gradient = new Float64Array(size);
  const before = new Float64Array(size);
  const probe: Probe = { value: 0, slope: 0, curvature: 0 };
  objective.aim(direction);
  objective.probe(0, probe);
  objective.gradient(gradient);
  let iterations = 0;
  let stuck = false;
  let refresh = 0;
  while (maxAbs(gradient) > tolerance && iterations < maxIterations && !stuck) {
    // Rows that the model grows sure of stop bending the objective, so the diagonal shrinks by orders of magnitude.
    if (iterations === refresh) {
      objective.hessianDiagonal(memory.diagonal);
      for (let i = 0; i < size; i++) memory.diagonal[i] = Math.max(memory.diagonal[i], flattest);
      refresh = Math.max(10, 2 * refresh);
    }
    memory.solve(gradient, direction);
    for (let i = 0; i < size; i++) direction[i] = -direction[i];
    objective.aim(direction);
    const step = search(objective, probe, dot(gradient, direction));
    stuck = step === 0;
    objective.move(step);
    before.set(gradient);
    objective.gradient(gradient);
    memory.learn(direction, step, before, gradient);
    iterations++;
  }
  return { iterations, converged: maxAbs(gradient) <= tolerance, value: probe.value, gradient: maxAbs(gradient) };
}

/**
 * The step to where the slope has all but vanished: Newton's, kept between the ends of a shrinking bracket. 0 when
 * there is none. `probe` comes in at the start of the line and leaves at the step returned.
 */
function search(objective: LinearObjective, probe: Probe, startSlope: number): number {
  const start = probe.value;
  let low = 0;
  let high = Infinity;
  let step = 1;
  for (let i = 0; i < probes; i++) {
    objective.probe(step, probe);
    // Near the minimum values differ by rounding alone, while slopes still tell: hence the allowance.
    const lower = probe.value <= start + 1e-12 * Math.abs(start);
    if (lower && Math.abs(probe.slope) <= 0.1 * Math.abs(startSlope)) return step;
    if (probe.slope < 0) low = step;
    else high = step;
    const newton = Math.min(step - probe.slope / probe.curvature, 10 * step);
    step = newton > low && newton < high ? newton : high < Infinity ? (low + high) / 2 : 2 * step;
  }
  objective.probe(0, probe);
  return 0;
}

/** The last few steps and what each did to the gradient: enough to approximate the inverse Hessian. */
function curvatureMemory(size: number) {
  const steps = Array.from({ length: history }, () => new Float64Array(size));
  const changes = Array.from({ length: history }, () => new Float64Array(size));
  const products = new Float64Array(history);
  const diagonal = new Float64Array(size).fill(1);
  const alphas = new Float64Array(history);
  let learnt = 0;
  return {
    /** Of the Hessian, to be set: what is known of it apart from the steps. */
    diagonal,
    /** into ≈ H⁻¹ · vector, the two-loop recursion. */
    solve(vector: Float64Array, into: Float64Array): void {
      into.set(vector);
      const oldest = Math.max(0, learnt - history);
      for (let i = learnt - 1; i >= oldest; i--) {
        const at = i % history;
        alphas[at] = dot(steps[at], into) / products[at];
        addScaled(into, -alphas[at], changes[at]);
      }
      const last = (learnt - 1) % history;
      const fit = learnt > 0 ? products[last] / dotOver(changes[last], diagonal) : 1;
      for (let i = 0; i < size; i++) into[i] *= fit / diagonal[i];
      for (let i = oldest; i < learnt; i++) {
        const at = i % history;
        addScaled(into, alphas[at] - dot(changes[at], into) / products[at], steps[at]);
      }
    },
    learn(direction: Float64Array, step: number, before: Float64Array, after: Float64Array): void {
      const at = learnt % history;
      for (let i = 0; i < size; i++) {
        steps[at][i] = step * direction[i];
        changes[at][i] = after[i] - before[i];
      }
      products[at] = dot(steps[at], changes[at]);
      if (products[at] > 0) learnt++;
    },
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Σ vector² / diagonal. */
function dotOver(vector: Float64Array, diagonal: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += (vector[i] * vector[i]) / diagonal[i];
  return sum;
}

function addScaled(into: Float64Array, by: number, vector: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] += by * vector[i];
}

function maxAbs(values: Float64Array): number {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max;
}
