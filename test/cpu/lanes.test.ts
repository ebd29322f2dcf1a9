/** Powers and logarithms of four lanes are as near to the truth as `simd/lanes.ts` says, and as the bounds of scores count on. */
import { main } from "assemblyscript/asc";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { fusedWhereKnown } from "../../src/backends/cpu/simdModule.ts";

const u = 2 ** -24;
const LEAST_NORMAL = 2 ** -126;
/** Values at a time. */
const BATCH = 2 ** 18;

const names = ["exp2", "exp", "log", "logOfProbability", "surprise"] as const;
type Lanes = Record<(typeof names)[number], (count: number) => void> & { readonly memory: WebAssembly.Memory };

const callers = names.map(
  (name) => `export function ${name}(count: u32): void {
    const k: usize = ${4 * BATCH};
    lanes.writeConstants(k);
    for (let at: usize = 0; at < <usize>(count << 2); at += 16) v128.store(at, lanes.${name}(v128.load(at), k));
  }`,
);

async function lanesWith(options: readonly string[]): Promise<Lanes> {
  const text = ['import * as lanes from "./lanes";', ...callers].join("\n");
  const simd = join(import.meta.dirname, "../../simd");
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const { stderr } = await main(
    ["callers.ts", "--runtime", "stub", "--enable", "simd", ...options, "-O3", "--noAssert", "--initialMemory", "32", "-o", "callers.wasm"], // prettier-ignore
    {
      readFile: (path) =>
        path === "callers.ts" ? text : path === "lanes.ts" ? readFileSync(join(simd, path), "utf8") : null,
      writeFile: (_, contents) => void (bytes = contents as Uint8Array<ArrayBuffer>),
      listFiles: () => [],
    },
  );
  expect(stderr.toString()).toBe("");
  return (await WebAssembly.instantiate(bytes!)).instance.exports as unknown as Lanes;
}

const one = new Float32Array(1);
const pattern = new Uint32Array(one.buffer);

function bitsOf(value: number): number {
  one[0] = value;
  return pattern[0];
}

function ofBits(bits: number): number {
  pattern[0] = bits;
  return one[0];
}

/** Every `step`th float32 between two of the same sign, and the last. */
function* floats(from: number, to: number, step: number): Generator<number> {
  const [first, last] = [bitsOf(from), bitsOf(to)];
  const direction = Math.sign(last - first);
  for (let i = 0; i <= Math.abs(last - first); i += step) yield ofBits(first + direction * i);
  yield to;
}

/** The float32 nearest to a number, and some on both sides. */
function* around(value: number): Generator<number> {
  const bits = bitsOf(value);
  for (let i = -40; i <= 40; i++) yield ofBits(bits + i);
}

const powersOfTwo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i));

/** The largest error of a function, in units of what is allowed at its argument. */
function worst({ memory, ...lanes }: Lanes, { name, inputs, truth, allowed }: Claim): number {
  const found = new Float32Array(memory.buffer, 0, BATCH);
  const given = new Float32Array(BATCH);
  let most = 0;
  let count = 0;
  const look = (): void => {
    found.set(given);
    lanes[name](count);
    for (let i = 0; i < count; i++) {
      const right = truth(given[i]);
      const error = found[i] === right ? 0 : Math.abs(found[i] - right) / allowed(given[i]);
      if (!(error <= most)) most = error;
    }
    count = 0;
  };
  for (const x of inputs()) {
    given[count++] = x;
    if (count === BATCH) look();
  }
  given.fill(0, count);
  count = Math.ceil(count / 4) * 4;
  given.fill(given[0], count - 3, count);
  look();
  return most;
}

interface Claim {
  readonly name: (typeof names)[number];
  inputs(): Generator<number>;
  truth(x: number): number;
  allowed(x: number): number;
}

function* probabilities(): Generator<number> {
  yield* [0, 1];
  yield* floats(0, LEAST_NORMAL, 31);
  yield* floats(LEAST_NORMAL, 1, 797);
  yield* powersOfTwo(-149, 0);
}

const claims: Record<string, Claim> = {
  "exp2: within 4u of itself": {
    name: "exp2",
    *inputs() {
      yield* [-0, 0, -126];
      yield* floats(-0, -126, 397);
      for (let n = 1; n < 252; n++) yield* around(-n / 2);
    },
    truth: (y) => 2 ** y,
    allowed: (y) => 4 * u * 2 ** y,
  },
  "exp: within (4 + 2|x|) u of itself, and no less than 2⁻¹²⁶": {
    name: "exp",
    *inputs() {
      yield* [-0, 0, -104, -1e30];
      yield* floats(-0, -104, 397);
      for (let n = 1; n <= 300; n++) yield* around((-n * Math.LN2) / 2);
      for (let n = 1; n <= 104; n++) yield* around(-n);
    },
    truth: (x) => Math.max(Math.exp(x), LEAST_NORMAL),
    allowed: (x) => (4 + 2 * Math.min(104, -x)) * u * Math.max(Math.exp(x), LEAST_NORMAL),
  },
  "log: within 5u (1 + |ln q|) for all normal numbers": {
    name: "log",
    *inputs() {
      yield* floats(LEAST_NORMAL, ofBits(0x7f7fffff), 797);
      yield* floats(0.5, 2, 17);
      for (const power of powersOfTwo(-125, 127)) yield* [...around(power), ...around(power * Math.SQRT1_2)];
      yield* powersOfTwo(-126, 127);
    },
    truth: Math.log,
    allowed: (q) => 5 * u * (1 + Math.abs(Math.log(q))),
  },
  "logOfProbability: the same from 0 to 1, with one more rounding where p is subnormal": {
    name: "logOfProbability",
    inputs: probabilities,
    truth: Math.log,
    allowed: (p) => (p < LEAST_NORMAL ? 6 : 5) * u * (1 + Math.abs(Math.log(p))),
  },
  // Below 2⁻¹²⁶ the logarithm is that of 2⁻¹²⁶, and a product has no more digits than p.
  "surprise: the error of the logarithm and one more rounding": {
    name: "surprise",
    inputs: probabilities,
    truth: (p) => (p === 0 ? 0 : -p * Math.log(p)),
    allowed: (p) => p * (6 * u * (1 + Math.abs(Math.log(p)))) + 17 * LEAST_NORMAL,
  },
};

/** Fused only where the engine knows relaxed SIMD, as the kernels themselves: Chromium runs those in every test of a backend. */
const variants: [name: string, options: string[]][] = [["twice rounded", []]];
if (fusedWhereKnown("score") === "scoreFused") variants.push(["fused", ["--enable", "relaxed-simd"]]);

describe.each(variants)("%s", (_, options) => {
  let lanes: Lanes;
  beforeAll(async () => {
    lanes = await lanesWith(options);
  });

  test.each(Object.keys(claims))("%s", (claim) => {
    expect(worst(lanes, claims[claim])).toBeLessThanOrEqual(1);
  });
});
