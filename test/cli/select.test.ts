/** `poolwise select`: the rows that scipy ranks highest, byte for byte the same on every backend. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { backends, commandLine } from "./commandLine.ts";
import { golden, goldenFile, inputOf } from "./golden.ts";
import { matrix, npy, readNpy } from "./npy.ts";

const { done, file } = commandLine();
const formats = [".json", ".npy", ".csv", ".jsonl"] as const;

test.each([
  ["entropy", "plain logits, classes 1000, temperature 1"],
  ["margin", "plain logits, classes 1000, temperature 3"],
  ["least-confidence", "tied probabilities, classes 3, temperature 3"],
  ["entropy", "tied logits, classes 2, temperature 0.5"],
  ["entropy", "sure logits, classes 10, temperature 0.5"],
  ["margin", "steep probabilities, classes 10, temperature 1"],
])("%s of %s", async (strategy, name) => {
  const one = golden(name);
  const outs = backends.map((backend) => file(`${backend}, ${strategy}, ${name}.csv`));
  const args = ["select", ...inputOf(one), "--strategy", strategy, "--batch", "top-k", "-k", "5"];
  await Promise.all(backends.map((backend, i) => done([...args, "--backend", backend, "--out", outs[i]])));
  const [cpu, webgpu] = outs.map((out) => readFileSync(out));
  expect(webgpu.equals(cpu), "the same bytes").toBe(true);
  const [header, ...picks] = cpu.toString().trimEnd().split("\n");
  expect(header).toBe("row,score");
  expect(picks.map((line) => Number(line.split(",")[0]))).toEqual(one.picks[strategy]);
  for (const line of picks) {
    const [row, score] = line.split(",").map(Number);
    expect(Math.abs(score - one.expected[strategy][row])).toBeLessThan(1e-12);
  }
});

test("picks of features under a head, by entropy where nothing else is said", async () => {
  const input = ["--features", goldenFile("features.npy"), "--model", goldenFile("head.safetensors")];
  const outs = backends.map((backend) => file(`${backend}-head.npy`));
  await Promise.all(
    backends.map((backend, i) => done(["select", ...input, "-k", "5", "--backend", backend, "--out", outs[i]])),
  );
  expect(readFileSync(outs[1])).toEqual(readFileSync(outs[0]));
  expect(readNpy(outs[0]).values).toEqual(golden("linear head, temperature 1").picks.entropy);
});

test("float32 cannot order these rows, and yet the picks are the same bytes", async () => {
  // Their scores differ by 1e-8, in an order that has nothing to do with that of the rows.
  const rows = Array.from({ length: 3000 }, (_, row) => [0.5 + ((row * 7919) % 1000) * 2 ** -24, 0]);
  const pool = file("close.npy", matrix(rows));
  const outs = backends.map((backend) => file(`${backend}-close.csv`));
  await Promise.all(
    backends.map((backend, i) => done(["select", pool, "-k", "300", "--backend", backend, "--out", outs[i]])),
  );
  const [cpu, webgpu] = outs.map((out) => readFileSync(out));
  expect(webgpu.equals(cpu), "the same bytes").toBe(true);
  const best = rows.map((_, row) => row).sort((a, b) => rows[a][0] - rows[b][0] || a - b);
  expect(rowsOf(cpu.toString())).toEqual(best.slice(0, 300));
});

describe("a selection", () => {
  const one = golden("plain logits, classes 10, temperature 1");
  const [first, next] = [one.picks.entropy.slice(0, 3), one.picks.entropy.slice(3)];
  const base = ["select", ...inputOf(one), "--backend", "cpu"];
  let printed: string;

  beforeAll(async () => {
    const [{ stdout }] = await Promise.all([
      done([...base, "-k", "3", "--out", "-", "--quiet"]),
      ...formats.map((format) => done([...base, "-k", "3", "--out", `picks${format}`])),
    ]);
    printed = stdout;
  });

  test("says the same in every format", () => {
    const written = readFileSync(file("picks.json"), "utf8");
    expect(written).toBe(printed);
    const selection = JSON.parse(written);
    expect(selection).toMatchObject({
      strategy: "entropy",
      batch: "top-k",
      seed: 0,
      backend: "cpu",
      rows: 40,
      invalid: 0,
    });
    const picks: { row: number; score: number }[] = selection.picks;
    expect(picks.map(({ row }) => row)).toEqual(first);
    expect(picks.map(({ score }) => score)).toEqual(first.map((row) => expect.closeTo(one.expected.entropy[row], 12)));
    expect(readNpy(file("picks.npy"))).toEqual({ dtype: "<i4", shape: [3], values: first });
    const lines = picks.map(({ row, score }) => `${row},${score}\n`);
    expect(readFileSync(file("picks.csv"), "utf8")).toBe(`row,score\n${lines.join("")}`);
    const objects = picks.map((pick) => `${JSON.stringify(pick)}\n`);
    expect(readFileSync(file("picks.jsonl"), "utf8")).toBe(objects.join(""));
  });

  test.each(formats)("as %s is taken as labelled, and the next best are picked", async (format) => {
    const { stdout } = await done([...base, "-k", "2", "--labelled", `picks${format}`, "--out", "-"]);
    expect(JSON.parse(stdout).picks.map(({ row }: { row: number }) => row)).toEqual(next);
  });

  test.each([
    ["cpu", "list.json", JSON.stringify(first)],
    ["cpu", "objects.json", JSON.stringify(first.map((row) => ({ row, label: "cat" })))],
    ["cpu", "numbers.jsonl", first.join("\n")],
    ["cpu", "table.csv", ["label,row", ...first.map((row) => `"a, b",${row}`)].join("\r\n")],
    ["webgpu", "wide.npy", npy(BigInt64Array.from([...first, ...first], BigInt), { descr: "<i8" })],
    ["webgpu", "column.npy", npy(Float64Array.from(first), { descr: "<f8", shape: "(3, 1)" })],
  ] as const)("%s: rows with a label from %s are never picked", async (backend, name, content) => {
    file(name, content);
    const args = ["-k", "2", "--labelled", name, "--backend", backend, "--out", `next of ${name}.npy`];
    await done(["select", ...inputOf(one), ...args]);
    expect(readNpy(file(`next of ${name}.npy`)).values).toEqual(next);
  });

  test("may take every row that is left, or start from no label", async () => {
    file("none.json", "[]");
    const [rest, all] = await Promise.all([
      done([...base, "-k", "37", "--labelled", "picks.npy", "--out", "-"]),
      done([...base, "-k", "40", "--labelled", "none.json", "--out", "-"]),
    ]);
    const rows = [rest, all].map(({ stdout }) => JSON.parse(stdout).picks.map(({ row }: { row: number }) => row));
    expect([...first, ...rows[0]]).toEqual(rows[1]);
    expect(rows[1].toSorted((a: number, b: number) => a - b)).toEqual(Array.from({ length: 40 }, (_, row) => row));
  });

  test("tells the rest on standard output, or nothing", async () => {
    const [report, silent, words] = await Promise.all([
      done([...base, "-k", "4", "--json", "--out", "report.npy"]),
      done([...base, "-k", "4", "--quiet", "--out", "silent.npy"]),
      done([...base, "-k", "4", "--out", "words.npy"]),
    ]);
    expect(report.stderr).toBe("");
    expect(report.stdout.match(/\n/g)).toHaveLength(1);
    const told = JSON.parse(report.stdout);
    expect(told).toMatchObject({ strategy: "entropy", batch: "top-k", rows: 40, k: 4, invalid: 0, backend: "cpu" });
    expect(silent.stdout + silent.stderr).toBe("");
    expect(words.stdout).toBe("");
    expect(words.stderr).toMatch(/^4 of 40 rows picked in .* on cpu .*words\.npy\n$/);
  });

  test("at random is a matter of the seed, on every backend", async () => {
    const [seven, onGpu, eight] = await Promise.all([draw(7, "cpu"), draw(7, "webgpu"), draw(8, "cpu")]);
    expect(onGpu).toEqual(seven);
    expect(eight).not.toEqual(seven);
  });
});

test("scores made before are ranked as they are", async () => {
  const one = golden("tied logits, classes 3, temperature 1");
  await done(["score", ...inputOf(one), "--strategy", "margin", "--backend", "cpu", "--out", "margins.npy"]);
  const outs = backends.map((backend) => `${backend}-margins.json`);
  await Promise.all(
    backends.map((backend, i) => done(`select --scores margins.npy -k 5 --backend ${backend} --out ${outs[i]}`)),
  );
  const [cpu, webgpu] = outs.map((out) => JSON.parse(readFileSync(file(out), "utf8")));
  expect(cpu.picks.map(({ row }: { row: number }) => row)).toEqual(one.picks.margin);
  expect(webgpu.picks).toEqual(cpu.picks);
});

describe.each(backends)("%s: invalid rows", (backend) => {
  const pool = matrix([
    [0, 0, NaN],
    [2, 0, 0],
    [Infinity, 0, 0],
    [0, 0, 0],
    [1, 0, 0],
  ]);

  test("are left out and counted when asked, labelled or not", async () => {
    const name = `${backend}-invalid`;
    file(`${name}.npy`, pool);
    file(`${name}-labelled.json`, "[0, 3]");
    const args = `select ${name}.npy --invalid skip --backend ${backend}`;
    const [all, some] = await Promise.all([
      done(`${args} -k 3 --out -`),
      done(`${args} -k 2 --labelled ${name}-labelled.json --out ${name}-picks.jsonl --json`),
    ]);
    const selection = JSON.parse(all.stdout);
    expect(selection).toMatchObject({ rows: 5, invalid: 2 });
    expect(selection.picks.map(({ row }: { row: number }) => row)).toEqual([3, 4, 1]);
    expect(all.stderr).toMatch(/\b2 invalid rows left out/);
    expect(JSON.parse(some.stdout)).toMatchObject({ rows: 5, invalid: 2, k: 2 });
    const lines = readFileSync(file(`${name}-picks.jsonl`), "utf8")
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).row)).toEqual([4, 1]);
  });

  test("stay out of a selection from their scores", async () => {
    const name = `${backend}-unscored`;
    file(`${name}.npy`, pool);
    const args = `--invalid skip --backend ${backend}`;
    await done(`score ${name}.npy --strategy entropy --out ${name}-scores.npy ${args}`);
    const { stdout } = await done(`select --scores ${name}-scores.npy -k 3 --out - ${args}`);
    const selection = JSON.parse(stdout);
    expect(selection.invalid).toBe(2);
    expect(selection.picks.map(({ row }: { row: number }) => row)).toEqual([3, 4, 1]);
  });
});

async function draw(seed: number, backend: string): Promise<number[]> {
  const out = `random-${seed}-${backend}.npy`;
  const args = ["--strategy", "random", "--seed", `${seed}`, "-k", "8", "--backend", backend, "--out", out];
  await done(["select", goldenFile("logits-10-plain.npy"), ...args]);
  return readNpy(file(out)).values;
}

const rowsOf = (csv: string): number[] =>
  csv
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => Number(line.split(",")[0]));
