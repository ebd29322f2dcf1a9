/** Deep heads by the command line: what PyTorch says of MC dropout and of expected gradient length. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandLine } from "./commandLine.ts";
import { expectScores } from "./golden.ts";
import { array, readNpy } from "./npy.ts";

const { done, start, file } = commandLine();

interface Answer {
  readonly expected: Record<string, number[]>;
  /** The rows of the 5 highest scores, ties to the lowest row. */
  readonly picks: Record<string, number[]>;
}

interface DeepHead {
  readonly name: string;
  readonly activation: string;
  readonly rows: number;
  readonly dims: number;
  /** [rows, dims], in units, as are the layers. */
  readonly features: number[];
  readonly layers: { outputs: number; inputs: number; weight: number[]; bias: number[] }[];
  readonly plain: (Answer & { temperature: number })[];
  readonly egl: Record<"all" | "last", Answer>;
  readonly passes: (Answer & { passes: number; dropout: number; seed: number })[];
}

const { unit, cases } = JSON.parse(readFileSync(join(import.meta.dirname, "../golden/heads.json"), "utf8")) as {
  unit: number;
  cases: DeepHead[];
};

describe.each(cases)("$name", ({ name, activation, rows, dims, features, layers, plain, egl, passes: drawn }) => {
  const units = features.map((value) => value / unit);
  const x = file(`${name}.npy`, array(units, [rows, dims]));
  const model = file(`${name}.safetensors`, safetensors(layers, { activation }));
  const input = ["--features", x, "--backend", "cpu", "--model", model];

  test.each(plain)("temperature $temperature", async ({ temperature, ...answer }) => {
    await expectAnswer([...input, "--temperature", `${temperature}`], answer);
  });

  test.each(["all", "last"] as const)("expected gradient length of layers: %s", async (which) => {
    await expectAnswer([...input, "--egl-layers", which], egl[which]);
    if (which === "all") await expectAnswer(input, egl.all);
  });

  test.each(drawn)("$passes passes of dropout $dropout, seed $seed", async ({ passes, dropout, seed, ...answer }) => {
    const how = ["--passes", `${passes}`, "--seed", `${seed}`];
    await expectAnswer([...input, ...how, "--dropout", `${dropout}`], answer);
    const trained = file("trained.safetensors", safetensors(layers, { activation, dropout: `${dropout}` }));
    await expectAnswer([...input.with(5, trained), ...how], answer);
  });
});

/** Scores by every strategy in one read, and picks by the last of them. */
async function expectAnswer(input: readonly string[], { expected, picks }: Answer): Promise<void> {
  const strategies = Object.keys(expected);
  await done(["score", ...input, "--strategy", strategies.join(), "--out", "scores.npy"]);
  const { values } = readNpy(file("scores.npy"));
  strategies.forEach((strategy, i) => {
    const scores = values.filter((_, at) => at % strategies.length === i);
    expectScores(scores, expected[strategy], "cpu");
  });
  const ranked = strategies.at(-1)!;
  await done(["select", ...input, "--strategy", ranked, "-k", "5", "--out", "picks.npy"]);
  expect(readNpy(file("picks.npy")).values).toEqual(picks[ranked]);
}

describe("passes through a head", () => {
  const { layers, dims, features, rows } = cases.find(({ name }) => name === "3 layers, relu")!;
  file("x.npy", array(features, [rows, dims]));
  file("head.safetensors", safetensors(layers, { activation: "relu", dropout: "0.25" }));
  const head = "--features x.npy --model head.safetensors --backend cpu";

  test.each([
    ["one", "entropy --passes 1", undefined, undefined],
    ["the rate of the head", "entropy --passes 7", 7, 0.25],
    ["another rate", "entropy --passes 7 --dropout 0.5", 7, 0.5],
    ["none, whatever is asked for", "egl --passes 7", undefined, undefined],
  ])("are told: %s", async (_, strategy, passes, dropout) => {
    const args = `${head} --strategy ${strategy}`;
    const [scored, picked, said, whole] = await Promise.all([
      done(`score ${args} --out told.npy --json`),
      done(`select ${args} -k 1 --out told.csv --json`),
      done(`score ${args} --out told.npy`),
      done(`select ${args} -k 1 --out -`),
    ]);
    for (const { stdout } of [scored, picked, whole]) {
      const told = JSON.parse(stdout);
      expect([told.passes, told.dropout]).toEqual([passes, dropout]);
    }
    const by = passes ? `by ${passes} passes of dropout ${dropout} ` : "";
    expect(said.stderr).toMatch(new RegExp(`^24 rows × ${dims} dims scored ${by}in `));
    expect(whole.stderr).toMatch(new RegExp(`^1 of 24 rows picked ${by}in `));
  });

  test("are drawn from the seed alone, in any process", async () => {
    const args = `score ${head} --strategy bald,mean-std --passes 5 --quiet --out -`;
    const [own, shared, other] = await Promise.all([
      start(`${args} --seed 7`),
      done(`${args} --seed 7`),
      done(`${args} --seed 8`),
    ]);
    expect(own).toEqual(shared);
    expect(other.stdout).not.toBe(shared.stdout);
  });
});

/** A head as its format says, by hand. The gaps are those of an nn.Sequential with activations and dropout. */
function safetensors(layers: DeepHead["layers"], metadata: Record<string, string>): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const values: number[] = [];
  const add = (name: string, shape: number[], data: number[]) => {
    header[name] = { dtype: "F32", shape, data_offsets: [4 * values.length, 4 * (values.length + data.length)] };
    values.push(...data.map((value) => value / unit));
  };
  layers.forEach(({ outputs, inputs, weight, bias }, i) => {
    add(`${3 * i}.weight`, [outputs, inputs], weight);
    add(`${3 * i}.bias`, [outputs], bias);
  });
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, Buffer.from(Float32Array.from(values).buffer)]);
}
