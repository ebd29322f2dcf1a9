/** Heads in .safetensors whose headers lie. */
import { type Draws, extremes } from "./draws.ts";
import { hostileJson, jsonOf, texts } from "./hostile.ts";

export function hostileSafetensors(draws: Draws): Buffer {
  const layers = draws.pick([1, 1, 2, 3]);
  const metadata = {
    format: "pt",
    activation: draws.pick(["relu", "gelu", "tanh", ...texts]),
    dropout: draws.pick(["0.1", "2", "", "x"]),
  };
  const entries: [string, unknown][] = draws.chance(0.5) ? [["__metadata__", metadata]] : [];
  let at = 0;
  const add = (name: string, shape: number[]): void => {
    const length = 4 * shape.reduce((product, count) => product * count, 1);
    const tensor = {
      dtype: draws.chance(0.05) ? draws.pick(["F16", "F64", "BF16", "I8", "__proto__", "toString"]) : "F32",
      shape: draws.chance(0.05) ? shape.map(() => Number(draws.pick(extremes))) : shape,
      data_offsets: draws.chance(0.08) ? spanOf(draws, at, length) : [at, at + length],
    };
    entries.push([draws.chance(0.05) ? draws.pick([...texts, "__proto__", "00.weight"]) : name, tensor]);
    at += length;
  };
  for (let i = 0; i < layers; i++) {
    add(`${2 * i}.weight`, [3, i === 0 ? 4 : 3]);
    if (draws.chance(0.9)) add(`${2 * i}.bias`, [3]);
  }
  const header = Object.fromEntries(entries);
  const text = Buffer.from(
    jsonOf(draws.chance(0.5) ? hostileJson(draws, header) : header).padEnd(draws.pick([0, 0, 1024])),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt.asUintN(64, draws.chance(0.1) ? draws.pick(extremes) : BigInt(text.length)));
  return Buffer.concat([length, text, Buffer.alloc(draws.chance(0.1) ? draws.below(64) : at)]);
}

/** Overlaps, gaps, ends before beginnings, and ends that are not there. */
function spanOf(draws: Draws, at: number, length: number): number[] {
  return draws.pick([
    [at + 4, at + length + 4],
    [Math.max(0, at - 4), Math.max(0, at - 4) + length],
    [0, length],
    [at + length, at],
    [at, at + length + 2 ** 40],
    [at, Number(draws.pick(extremes))],
    [-4, length - 4],
    [at],
    [at, at + length, 0],
  ]);
}
