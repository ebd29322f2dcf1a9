/** The activations of a head and their derivatives, in float64. */
import { exp, square, tanh } from "./elementary.ts";
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
    slope: (a) => normalCdf(a) + (a * exp(-0.5 * a * a)) / Math.sqrt(2 * Math.PI),
  },
  tanh: {
    value: tanh,
    slope: (a) => 1 - square(tanh(a)),
  },
};

/**
 * Φ(a), the chance that a standard normal draw is below `a`, within 2e-16: Φ(a) = erfc(−a/√2) / 2.
 *
 * The rational approximations are those of W. J. Cody, Rational Chebyshev approximations for the error function,
 * Mathematics of Computation 23 (1969), with the coefficients of his program CALERF: of erf up to 0.46875, of
 * erfc · exp(y²) up to 4. Beyond 4 the second one loses digits slowly (to 7e-13 at 6), of an erfc that is below 2e-8.
 * From 27 on erfc is 0 in float64.
 */
function normalCdf(a: number): number {
  const y = Math.abs(a) * Math.SQRT1_2;
  if (y <= 0.46875) {
    const y2 = y * y;
    const erf = y * (polynomial(ERF[0], y2) / polynomial(ERF[1], y2));
    return 0.5 + 0.5 * Math.sign(a) * erf;
  }
  const tail = y < 27 ? 0.5 * exp(-y * y) * (polynomial(ERFC[0], y) / polynomial(ERFC[1], y)) : 0;
  return a < 0 ? tail : 1 - tail;
}

/** Highest power first. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = 0; i < coefficients.length; i++) sum = sum * x + coefficients[i];
  return sum;
}

// Numerator and denominator, rounded to float64.
const ERF = [
  [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
];
const ERFC = [
  [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
];
