/** Numbers in as few digits as tell them apart. */
import { log, powerOfTen } from "../elementary.ts";

/**
 * The float64 whose shortest decimal is also the shortest decimal of a float32: 0.6931472 for 0.6931471824645996.
 * Numbers that are no float32, and whole numbers, stay as they are. A power of two may keep one digit more than needed.
 */
export function shortest(value: number): number {
  if (Number.isSafeInteger(value) || Math.fround(value) !== value) return value;
  if (value < 0) return -shortest(-value);
  // Six digits always survive a normal float32, so fewer than six show up as trailing zeros. Below, one may be enough.
  for (let digits = value < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const short = rounded(value, digits);
    if (Math.fround(short) === value) return short;
  }
  return rounded(value, 9);
}

const SMALLEST_NORMAL = 2 ** -126;

/** The powers of ten that a float64 holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, power) => powerOfTen(power));

function rounded(value: number, digits: number): number {
  // No float32 but a whole number comes so near to a power of ten that the logarithm could land on its other side.
  const scale = POWERS[digits - 1 - Math.floor(log(value) * Math.LOG10E)];
  // A whole number by an exact power is the float64 nearest to that decimal, many times faster than by way of text.
  return scale ? Math.round(value * scale) / scale : Number(value.toPrecision(digits));
}
