/** `poolwise score`: the numbers of scipy, whatever the kind, the format and the backend. */
import { lstatSync, readFileSync, symlinkSync } from "node:fs";
import { expect, test } from "vitest";
import { backends, commandLine } from "./commandLine.ts";
import { expectScores, golden, goldenFile, inputOf, judged } from "./golden.ts";
import { matrix, readNpy } from "./npy.ts";

const { done, file } = commandLine();
const plain = golden("plain logits, classes 3, temperature 1");

const cases = [
  "plain logits, classes 1, temperature 1",
  "plain logits, classes 2, temperature 3",
  "plain logits, classes 3, temperature 1",
  "plain logits, classes 10, temperature 0.5",
  "plain logits, classes 1000, temperature 1",
  "plain logits, classes 1000, temperature 3",
  "tied logits, classes 10, temperature 3",
  "steep logits, classes 3, temperature 1",
  "steep logits, classes 10, temperature 0.5",
  "sure logits, classes 10, temperature 3",
  "plain probabilities, classes 1, temperature 3",
  "plain probabilities, classes 2, temperature 1",
  "plain probabilities, classes 3, temperature 3",
  "plain probabilities, classes 10, temperature 0.5",
  "plain probabilities, classes 1000, temperature 1",
  "plain probabilities, classes 1000, temperature 0.5",
  "tied probabilities, classes 10, temperature 3",
  "steep probabilities, classes 3, temperature 1",
  "sure probabilities, classes 10, temperature 3",
];

test.each(backends.flatMap((backend) => cases.map((name) => [backend, name] as const)))(
  "%s: %s",
  async (backend, name) => {
    const one = golden(name);
    const out = file(`${backend}, ${name}.npy`);
    await done(["score", ...inputOf(one), "--strategy", judged.join(), "--backend", backend, "--out", out]);
    const { dtype, shape, values } = readNpy(out);
    expect({ dtype, shape }).toEqual({ dtype: "<f4", shape: [one.rows, judged.length] });
    judged.forEach((strategy, i) =>
      expectScores(
        values.filter((_, at) => at % judged.length === i),
        one.expected[strategy],
        backend,
      ),
    );
  },
);

test.each([
  ["cpu", "head.safetensors", 1],
  ["cpu", "head.npz", 0.5],
  ["webgpu", "head.safetensors", 3],
  ["webgpu", "head.npz", 1],
] as const)("%s: features under %s, temperature %d", async (backend, head, temperature) => {
  const { expected } = golden(`linear head, temperature ${temperature}`);
  const input = [
    "--features",
    goldenFile("features.npy"),
    "--model",
    goldenFile(head),
    "--temperature",
    `${temperature}`,
  ];
  const out = file(`${backend}, ${head}.jsonl`);
  await done(["score", ...input, "--strategy", judged.join(), "--backend", backend, "--out", out]);
  const rows = jsonLines(readFileSync(out, "utf8"));
  for (const strategy of judged) {
    expectScores(
      rows.map((row) => Math.fround(row[strategy]!)),
      expected[strategy],
      backend,
    );
  }
});

test.each([
  ["cpu", "f2-F-little"],
  ["cpu", "f4-C-big"],
  ["cpu", "f4-one-pass"],
  ["cpu", "f8-C-little"],
  ["cpu", "f8-F-big"],
  ["cpu", "i1-C-bytes"],
  ["cpu", "i2-F-big"],
  ["cpu", "i4-C-little"],
  ["cpu", "i8-C-big"],
  ["cpu", "u1-F-bytes"],
  ["cpu", "u2-C-little"],
  ["cpu", "u4-F-big"],
  ["cpu", "u8-F-little"],
  ["webgpu", "f2-C-big"],
  ["webgpu", "f4-F-little"],
] as const)("%s: logits as %s", async (backend, type) => {
  const out = file(`${type}.npy`);
  await done(["score", goldenFile(`types/${type}.npy`), "--strategy", "entropy", "--backend", backend, "--out", out]);
  const { shape, values } = readNpy(out);
  expect(shape).toEqual([20]);
  expectScores(values, golden("types").expected.entropy, backend);
});

test("every format tells the same scores", async () => {
  const args = ["score", ...inputOf(plain), "--strategy", "margin,random", "--backend", "cpu"];
  const outs = ["formats.npy", "formats.CSV", "formats.jsonl"].map((name) => file(name, "to be overwritten"));
  const [csv, jsonl] = await Promise.all([
    done([...args, "--out", "-", "--quiet"]),
    done([...args, "--out", "-", "--json", "--quiet"]),
    ...outs.map((out) => done([...args, "--out", out])),
  ]);
  expect(csv.stderr + jsonl.stderr).toBe("");
  expect(readFileSync(outs[1], "utf8")).toBe(csv.stdout);
  expect(readFileSync(outs[2], "utf8")).toBe(jsonl.stdout);

  const lines = jsonLines(jsonl.stdout);
  expect(lines.map(({ row }) => row)).toEqual(Array.from({ length: plain.rows }, (_, row) => row));
  expect(Object.keys(lines[0])).toEqual(["row", "margin", "random"]);
  expect(csv.stdout).toBe(
    ["row,margin,random", ...lines.map(({ row, margin, random }) => `${row},${margin},${random}`), ""].join("\n"),
  );
  const { shape, values } = readNpy(outs[0]);
  expect(shape).toEqual([plain.rows, 2]);
  expect(values).toEqual(lines.flatMap(({ margin, random }) => [Math.fround(margin!), Math.fround(random!)]));
  expectScores(
    lines.map(({ margin }) => Math.fround(margin!)),
    plain.expected.margin,
    "cpu",
  );
});

test("a link is followed, and what it names is replaced whole", async () => {
  file("real.npy", "old");
  symlinkSync("real.npy", file("link.npy"));
  await done(["score", ...inputOf(plain), "--strategy", "margin", "--backend", "cpu", "--out", "link.npy"]);
  expect(lstatSync(file("link.npy")).isSymbolicLink()).toBe(true);
  expect(readNpy(file("real.npy")).shape).toEqual([plain.rows]);
});

test("random is a matter of seed and row alone, the same on every backend", async () => {
  const [seven, onGpu, eight, ofOthers] = await Promise.all([
    draw(7, "cpu"),
    draw(7, "webgpu"),
    draw(8, "cpu"),
    draw(7, "cpu", "logits-10-steep.npy"),
  ]);
  expect(onGpu).toEqual(seven);
  expect(ofOthers).toEqual(seven);
  expect(seven.filter((value, row) => value === eight[row])).toEqual([]);
  expect(seven.filter((value) => !(value >= 0 && value < 1))).toEqual([]);
  expect(new Set(seven).size).toBe(seven.length);
});

test.each(backends)("%s: invalid rows are left out and counted when asked", async (backend) => {
  const pool = file(
    `${backend}-invalid.npy`,
    matrix([
      [0, 0, 0],
      [1, NaN, 0],
      [2, 0, 0],
      [0, Infinity, 0],
      [0, 3, -Infinity],
    ]),
  );
  const args = `score ${pool} --strategy entropy,random --invalid skip --backend ${backend} --out ${backend}-invalid`;
  const [csv, jsonl, numpy] = await Promise.all([
    done(`${args}.csv`),
    done(`${args}.jsonl --json`),
    done(`${args}-out.npy --quiet`),
  ]);
  expect(csv.stdout).toBe("");
  expect(csv.stderr).toMatch(/^5 rows × 3 classes .*\b3 invalid rows left out.*-invalid\.csv\n$/);
  expect(jsonl.stderr).toBe("");
  expect(jsonl.stdout.match(/\n/g)).toHaveLength(1);
  expect(JSON.parse(jsonl.stdout)).toMatchObject({ rows: 5, strategies: ["entropy", "random"], backend, invalid: 3 });
  expect(numpy.stdout + numpy.stderr).toBe("");

  const lines = jsonLines(readFileSync(file(`${backend}-invalid.jsonl`), "utf8"));
  expect(lines.map(({ entropy }) => entropy === null)).toEqual([false, true, false, true, true]);
  expect(lines.map(({ random }) => random === null)).toEqual([false, true, false, true, true]);
  expect(lines[0].entropy).toBeCloseTo(Math.log(3), 6);
  const { values } = readNpy(file(`${backend}-invalid-out.npy`));
  expect(values).toEqual(lines.flatMap(({ entropy, random }) => [entropy, random].map((v) => Math.fround(v ?? NaN))));
  const cells = lines.map(({ row, entropy, random }) => `${row},${entropy ?? ""},${random ?? ""}`);
  expect(readFileSync(file(`${backend}-invalid.csv`), "utf8")).toBe(["row,entropy,random", ...cells, ""].join("\n"));
});

async function draw(seed: number, backend: string, input = plain.file): Promise<number[]> {
  const out = file(`random-${seed}-${backend}-${input}`);
  const args = ["--strategy", "random", "--seed", `${seed}`, "--backend", backend, "--out", out];
  await done(["score", goldenFile(input), ...args]);
  return readNpy(out).values;
}

function jsonLines(text: string): Record<string, number | null>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
