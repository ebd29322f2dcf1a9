/** How cost grows with a size: the exponent of the power of it that fits best. */

export interface Fit {
  /** Of seconds ∝ size^exponent, by least squares of logarithms over all points. */
  readonly exponent: number;
  /** Of the exponent: what the points do not lie on a power costs it. */
  readonly standardError: number;
  /** From the last point but one to the last, where what every call costs counts least. */
  readonly last: number;
}

export function fitPower(points: readonly { readonly size: number; readonly seconds: number }[]): Fit {
  const x = points.map(({ size }) => Math.log(size));
  const y = points.map(({ seconds }) => Math.log(seconds));
  const [meanX, meanY] = [mean(x), mean(y)];
  const spread = sum(x.map((each) => (each - meanX) ** 2));
  const exponent = sum(x.map((each, i) => (each - meanX) * (y[i] - meanY))) / spread;
  const residuals = x.map((each, i) => y[i] - meanY - exponent * (each - meanX));
  const standardError = Math.sqrt(sum(residuals.map((each) => each ** 2)) / (x.length - 2) / spread);
  const end = x.length - 1;
  return { exponent, standardError, last: (y[end] - y[end - 1]) / (x[end] - x[end - 1]) };
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
