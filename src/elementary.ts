/**
 * The elementary functions, with the same bits in every engine. ECMAScript leaves the last bits of `Math.exp`, `Math.log`
 * and their kind to the engine, and engines differ there; scores, picks and what is made of them must not. What these are
 * made of is rounded alike everywhere: + − × ÷, comparisons, and the bits of a number.
 *
 * `**` is left to the engine as well, but for powers of two that stand in the text, as `2 ** 20`: those are exact in every
 * one. `test/elementary.test.ts` has the list of what may be used elsewhere, and why.
 *
 * How far a result may be from the true value is said in units of its last place (ulp). The coefficients of exp, log, sine
 * and cosine are those of fdlibm (Sun Microsystems 1993).
 */

const number = new Float64Array(1);
/** Little-endian, as every machine that runs WebGPU: the second has the sign, the exponent and the first bits. */
const words = new Uint32Array(number.buffer);

const SMALLEST_NORMAL = 2 ** -1022;

// ln 2 in two parts, of which the first times a whole exponent is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const SMALLEST_EXPONENT = -1074;
const powers = new Float64Array(1024 - SMALLEST_EXPONENT);
for (let i = 0, power = Number.MIN_VALUE; i < powers.length; i++, power *= 2) powers[i] = power;

/** 2 to the power of a whole number from −1074 to 1023, exactly. */
export const powerOfTwo = (exponent: number): number => powers[exponent - SMALLEST_EXPONENT];

/** 10 to the power of a whole number, rounded once: text is read alike in every engine. */
export const powerOfTen = (exponent: number): number => Number(`1e${exponent}`);

export const square = (x: number): number => x * x;

/** e to the power of x. Within 1 ulp. */
export const exp = (x: number): number => expOf(x, 0);

/** Adding it and taking it away again leaves the nearest whole number. */
const ROUNDER = 1.5 * 2 ** 52;

/**
 * e to the power of x + tail, where the tail is far less than the last bit of x. With k the whole number nearest to
 * x / ln 2 and r what is left, this is 2ᵏ · eʳ, and eʳ = 1 + r + r · c / (2 − c) with c = r − r² · P(r²) (Remez).
 */
function expOf(x: number, tail: number): number {
  const isPlain = x > -708 && x < 708;
  if (!isPlain) {
    if (x > 709.782712893384) return Infinity;
    if (x < -745.1332191019411) return 0;
    if (x !== x) return x;
  }
  const k = x * Math.LOG2E + ROUNDER - ROUNDER;
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW - tail;
  const r = high - low;
  const r2 = r * r;
  const c =
    r -
    r2 *
      (0.16666666666666602 +
        r2 *
          (-0.0027777777777015593 +
            r2 * (0.00006613756321437934 + r2 * (-0.0000016533902205465252 + r2 * 4.1381367970572385e-8))));
  const y = 1 + ((r * c) / (2 - c) - low + high);
  if (isPlain) return y * powerOfTwo(k);
  // In two steps, of which the first is exact: 2ᵏ may be out of range where the product is not.
  const half = k >> 1;
  return y * powerOfTwo(half) * powerOfTwo(k - half);
}

/** The natural logarithm; −∞ of 0, NaN below. Within 1 ulp. */
export function log(x: number): number {
  if (!(x >= SMALLEST_NORMAL && x < Infinity)) {
    if (x === 0) return -Infinity;
    if (!(x > 0 && x < Infinity)) return x === Infinity ? x : NaN;
    const lifted = x * 2 ** 54;
    const own = exponentOf(lifted);
    return logOf(own - 54, lifted * powerOfTwo(-own) - 1, 0);
  }
  const k = exponentOf(x);
  return logOf(k, x * powerOfTwo(-k) - 1, 0);
}

/** ln(1 + x), for x near 0 too; −∞ of −1, NaN below. Within 1 ulp. */
export function log1p(x: number): number {
  if (x > -0.29 && x < 0.41) return x === 0 ? x : logOf(0, x, 0);
  if (!(x > -1 && x < Infinity)) return x === -1 ? -Infinity : x === Infinity ? x : NaN;
  const sum = 1 + x;
  // What the sum has lost, as a share of it.
  const lost = (x >= 1 ? 1 - (sum - x) : x - (sum - 1)) / sum;
  const k = exponentOf(sum);
  return logOf(k, sum * powerOfTwo(-k) - 1, lost);
}

/** The k for which x / 2ᵏ is from √½ to √2, of an x that is positive and normal: from −1022 to 1024. */
function exponentOf(x: number): number {
  number[0] = x;
  return (words[1] - 0x3fe6a09e) >> 20;
}

/** k ln 2 + ln(1 + f) + tail, for 1 + f from √½ to √2: with s = f / (2 + f) that is 2s + s · R(s²) (Remez). */
function logOf(k: number, f: number, tail: number): number {
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  return s * (half + even + odd) + (k * LN2_LOW + tail) - half + f + k * LN2_HIGH;
}

/**
 * x to the power of y, for x from 0 up; NaN below. Within 1 ulp.
 *
 * y ln x is up to 745, so what is to be right in its power to the last bit needs ln x to 11 bits more than a number has:
 * it is taken as a sum of two.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (y === 1 && x >= 0) return x;
  if (!(x > 0 && x < Infinity)) {
    if (!(x >= 0) || y !== y) return NaN;
    return x > 0 === y > 0 ? Infinity : 0;
  }
  if (x === 1) return Math.abs(y) < Infinity ? 1 : NaN;
  const lifted = x < SMALLEST_NORMAL ? x * 2 ** 54 : x;
  const own = exponentOf(lifted);
  const m = lifted * powerOfTwo(-own);
  const k = x < SMALLEST_NORMAL ? own - 54 : own;
  // ln m = 2s (1 + z/3 + z²/5 + z³/7 …), with s = (m − 1) / (m + 1) and z = s².
  const f = m - 1;
  const g = m + 1;
  const s = f / g;
  const sg = s * g;
  const sLow = (f - sg - lostIn(s, g, sg) - s * (m - (g - 1))) / g;
  const z = s * s;
  const zLow = lostIn(s, s, z) + 2 * s * sLow;
  const third = z / 3;
  const thirdLow = (z - 3 * third - lostIn(3, third, 3 * third) + zLow) / 3;
  const after = thirdLow + z * z * fifthOn(z);
  const more = third + after;
  const moreLow = third - more + after;
  const product = s * more;
  const productLow = lostIn(s, more, product) + s * moreLow + sLow * more;
  const ofM = 2 * (s + product);
  const ofMLow = 2 * s - ofM + 2 * product + 2 * (sLow + productLow);
  const whole = k * LN2_HIGH;
  const sum = whole + ofM;
  const sumLow = whole - sum + ofM + (ofMLow + k * LN2_LOW);
  const logarithm = sum + sumLow;
  const logarithmLow = sum - logarithm + sumLow;
  const exponent = y * logarithm;
  if (!(Math.abs(exponent) < 750)) return exponent > 0 ? Infinity : exponent < 0 ? 0 : NaN;
  return expOf(exponent, lostIn(y, logarithm, exponent) + y * logarithmLow);
}

/** 1/5 + z/7 + z²/9 + …, for z up to 0.0295. */
const fifthOn = (z: number): number =>
  1 / 5 +
  z *
    (1 / 7 +
      z *
        (1 / 9 +
          z *
            (1 / 11 +
              z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21 + z * (1 / 23 + z / 25)))))))));

/** What a product of two numbers was rounded by, exactly (Dekker 1971). */
function lostIn(a: number, b: number, product: number): number {
  const aHigh = upperHalf(a);
  const bHigh = upperHalf(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** The first 26 bits of a number. */
function upperHalf(a: number): number {
  const wide = a * (2 ** 27 + 1);
  return wide - (wide - a);
}

/** The hyperbolic tangent. Within 1.5 ulp. The rational function is that of Moshier's Cephes. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size < 0.625) {
    if (size < 2 ** -27) return x;
    const z = x * x;
    const above = (-0.9643991794250523 * z - 99.28772310019185) * z - 1614.6876844170845;
    const below = ((z + 112.81167849163293) * z + 2235.4883906010045) * z + 4844.063053251255;
    return x + x * (z * (above / below));
  }
  if (x !== x) return x;
  const value = 1 - 2 / (exp(2 * size) + 1);
  return x < 0 ? -value : value;
}

// 2π in two parts.
const TURN_HIGH = 2 * Math.PI;
const TURN_LOW = 2.4492935982947064e-16;

/** The cosine of an angle in turns, 2π each, of at most 2⁵⁰. Within 1 ulp: whole turns are taken off exactly. */
export function cosOfTurns(turns: number): number {
  const part = Math.abs(turns - (turns + ROUNDER - ROUNDER));
  const isBehind = part > 0.25;
  const ahead = isBehind ? 0.5 - part : part;
  const value = ahead > 0.125 ? sine(0.25 - ahead) : cosine(ahead);
  return isBehind ? -value : value;
}

/** Of up to an eighth of a turn, as `sine`. */
function cosine(turns: number): number {
  const x = turns * TURN_HIGH;
  const low = lostIn(turns, TURN_HIGH, x) + turns * TURN_LOW;
  const z = x * x;
  const rest =
    z *
    z *
    (0.0416666666666666 +
      z *
        (-0.001388888888887411 +
          z *
            (0.00002480158728947673 +
              z * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 - z * 1.1359647557788195e-11)))));
  const half = 0.5 * z;
  const most = 1 - half;
  return most + (1 - most - half + (rest - x * low));
}

function sine(turns: number): number {
  const x = turns * TURN_HIGH;
  const low = lostIn(turns, TURN_HIGH, x) + turns * TURN_LOW;
  const z = x * x;
  const rest =
    -0.16666666666666632 +
    z *
      (0.00833333333332249 +
        z *
          (-0.0001984126982985795 +
            z * (0.0000027557313707070068 + z * (-2.5050760253406863e-8 + z * 1.58969099521155e-10))));
  return x + (x * z * rest + (low - 0.5 * z * low));
}
