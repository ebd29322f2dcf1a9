/** The activations of a head and their derivatives, in float64. */
import type { Activation } from "./head.ts";

interface Curve {
  value(a: number): number;
  /** The derivative of `value`. */
  slope(a: number): number;
}

export const activations: Readonly<Record<Activation, Curve>> = {
  /** Its derivative at 0 is 0, as in PyTorch. */
  relu: {
    value: (a) => (a > 0 ? a : 0),
    slope: (a) => (a > 0 ? 1 : 0),
  },
  /** a · Φ(a), not the approximation by tanh (Hendrycks & Gimpel 2016). */
  gelu: {
    value: (a) => a * normalCdf(a),
    slope: (a) => normalCdf(a) + (a * Math.exp(-0.5 * a * a)) / Math.sqrt(2 * Math.PI),
  },
  tanh: {
    value: Math.tanh,
    slope: (a) => 1 - Math.tanh(a) ** 2,
  },
};

/**
 * Φ(a), the chance that a standard normal draw is below `a`: Φ(a) = erfc(−a/√2) / 2. Within 2e-16; far below 0 the
 * relative error grows with a², as that of exp(−a²/2) does.
 *
 * The rational approximations are those of W. J. Cody, Rational Chebyshev approximations for the error function,
 * Mathematics of Computation 23 (1969), with the coefficients of his program CALERF: erf up to 0.46875, erfc · exp(y²)
 * up to 4 and beyond.
 */
function normalCdf(a: number): number {
  const y = Math.abs(a) * Math.SQRT1_2;
  if (y <= 0.46875) {
    const y2 = y * y;
    const erf = y * (polynomial(ERF[0], y2) / polynomial(ERF[1], y2));
    return 0.5 + 0.5 * Math.sign(a) * erf;
  }
  const tail = 0.5 * Math.exp(-0.5 * a * a) * (y <= 4 ? polynomial(MIDDLE[0], y) / polynomial(MIDDLE[1], y) : far(y));
  return a < 0 ? tail : 1 - tail;
}

/** erfc(y) · exp(y²) for y ≥ 4. */
function far(y: number): number {
  const r = 1 / (y * y);
  return (1 / Math.sqrt(Math.PI) - (r * polynomial(FAR[0], r)) / polynomial(FAR[1], r)) / y;
}

/** Highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const coefficient of coefficients) sum = sum * x + coefficient;
  return sum;
}

// Numerator and denominator, rounded to float64.
const ERF = [
  [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
];
const MIDDLE = [
  [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
];
const FAR = [
  [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  [1, 2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918],
];
