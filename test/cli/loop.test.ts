/** `poolwise calibrate`, `coldstart` and `simulate`, and the remedies of `select`. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import golden from "../golden/calibration.json" with { type: "json" };
import { makeBlobs } from "../support/blobs.ts";
import { backends, commandLine } from "./commandLine.ts";
import { matrix, npy, readNpy } from "./npy.ts";
import { type Mistake, refusing } from "./refusal.ts";

const poolwise = commandLine();
const { done, file } = poolwise;
const refused = refusing(poolwise);

const { features, labels } = makeBlobs(1, 300, 3, 4, 2);
const x = file("x.npy", npy(features.data, { shape: "(300, 4)" }));
const y = file("y.npy", npy(Int32Array.from(labels), { descr: "<i4" }));

/** Mean over the other rows of 1 / (1 + distance). */
const dense = (row: number): number => {
  let sum = 0;
  for (let other = 0; other < 300; other++) {
    if (other === row) continue;
    let squares = 0;
    for (let d = 0; d < 4; d++) squares += (features.data[4 * row + d] - features.data[4 * other + d]) ** 2;
    sum += 1 / (1 + Math.sqrt(squares));
  }
  return sum / 299;
};

const rowsOf = (folder: string): string[] => readFileSync(join(folder, "curves.csv"), "utf8").trimEnd().split("\n");

/** Without the times. */
const curvesOf = (folder: string): string[] => rowsOf(folder).map((row) => row.split(",").slice(0, 7).join());

describe("calibrate", () => {
  const [one] = golden.temperatures;
  const data = Float32Array.from(one.logits, (value) => value / golden.unit);
  const shape = `(${one.rows}, ${one.classes})`;
  const logits = file("logits.npy", npy(data, { shape }));
  const truth = file("truth.csv", `id,label\n${one.labels.map((label, i) => `${i},${label}`).join("\n")}\n`);

  test("finds scipy's temperature", async () => {
    const { stdout } = await done(["calibrate", logits, "--labels", truth, "--json"]);
    const { temperature, before, after, rows } = JSON.parse(stdout);
    expect(temperature / one.temperature).toBeCloseTo(1, 6);
    expect(before.nll).toBeCloseTo(one.before.nll, 10);
    expect(after.ece).toBeCloseTo(one.after.ece, 5);
    expect(rows).toBe(one.rows);
  });

  test("takes probabilities as it takes logits, and says what it found in words", async () => {
    const p = Float32Array.from(data);
    for (let at = 0; at < p.length; at += one.classes) {
      const e = [...p.subarray(at, at + one.classes)].map(Math.exp);
      p.set(
        e.map((value) => value / e.reduce((a, b) => a + b)),
        at,
      );
    }
    const path = file("p.npy", npy(p, { shape }));
    const { stdout } = await done(["calibrate", path, "--labels", truth, "--kind", "probabilities"]);
    const [temperature, before, after] = stdout.trimEnd().split("\n");
    expect(Number(/^temperature +([\d.]+), by 200 rows$/.exec(temperature)![1]) / one.temperature).toBeCloseTo(1, 4);
    expect(before).toMatch(/^before +NLL \d\.\d{5} nats, ECE \d+\.\d\d %$/);
    expect(after).toMatch(/^after +NLL \d\.\d{5} nats, ECE \d+\.\d\d %$/);
  });

  file("three.npy", matrix([[1, 2], [3, 4], [5, 6]])); // prettier-ignore
  file("two.json", "[0, 1]");
  file("large.json", "[0, 1, 2]");
  file("rows.csv", "row\n1\n");
  test.each<Mistake>([
    ["too few labels", "calibrate three.npy --labels two.json", /two\.json: 2 labels for the 3 rows of .*three\.npy/],
    ["a class that there is not", "calibrate three.npy --labels large.json", /labels: row 2 is 2, .* from 0 to 1/],
    ["no label column", "calibrate three.npy --labels rows.csv", /no "label" column; it has "row"/],
    ["no labels", "calibrate three.npy", /--labels/, /poolwise calibrate --help/],
    ["no such file", "calibrate nowhere.npy --labels two.json", /nowhere\.npy: no such file/],
    [
      "no probabilities",
      "calibrate three.npy --labels two.json --kind probabilities",
      /2 labels|class 1 has probability 2/,
    ],
  ])("refuses %s", refused);
});

describe("coldstart", () => {
  test.each(["kmeans", "typiclust"])("picks as select does by %s, the same bytes on every backend", async (method) => {
    const outs = backends.map((backend) => file(`${backend}-${method}.csv`));
    const args = ["coldstart", "--embeddings", x, "-k", "6", "--method", method, "--seed", "3"];
    await Promise.all(backends.map((backend, i) => done([...args, "--backend", backend, "--out", outs[i]])));
    const [cpu, webgpu] = outs.map((out) => readFileSync(out, "utf8"));
    expect(webgpu).toBe(cpu);
    const other = file("selected.csv");
    await done([
      "select",
      "--embeddings",
      x,
      "-k",
      "6",
      "--batch",
      method,
      "--seed",
      "3",
      "--backend",
      "cpu",
      "--out",
      other,
    ]);
    expect(cpu).toBe(readFileSync(other, "utf8"));
  });

  test.each<Mistake>([
    [
      "more than there are",
      `coldstart --embeddings x.npy -k 301 --backend cpu --out OUT/p.csv`,
      /301 is more than the 300 rows/,
    ],
    ["another method", `coldstart --embeddings x.npy -k 3 --method best --out OUT/p.csv`, /best.*kmeans, typiclust/],
    ["no embeddings", `coldstart -k 3 --out OUT/p.csv`, /--embeddings/],
    ["over its input", `coldstart --embeddings x.npy -k 3 --out x.npy`, /x\.npy: is read too/],
  ])("refuses %s", refused);
});

describe("select", () => {
  test("explores, and says where", async () => {
    const scores = file("scores.npy", npy(Float32Array.from({ length: 500 }, (_, row) => row)));
    const out = file("explored.json");
    await done([
      "select",
      "--scores",
      scores,
      "-k",
      "50",
      "--epsilon",
      "0.3",
      "--seed",
      "1",
      "--backend",
      "cpu",
      "--out",
      out,
    ]);
    const { picks } = JSON.parse(readFileSync(out, "utf8"));
    const explored = picks.filter((pick: { explored: boolean }) => pick.explored);
    expect(explored.length).toBeGreaterThan(5);
    expect(explored.length).toBeLessThan(30);
    for (const { explored: isLot, score, probability } of picks) {
      expect(score === null).toBe(isLot);
      expect(probability).toBeGreaterThan(0);
    }
    // A file of picks is a list of labelled rows, whatever else it says.
    const next = file("next.npy");
    await done(["select", "--scores", scores, "-k", "450", "--labelled", out, "--backend", "cpu", "--out", next]);
    const taken = new Set(picks.map(({ row }: { row: number }) => row));
    expect([...readNpy(next).values].some((row) => taken.has(Number(row)))).toBe(false);
  });

  test("weighs scores by density", async () => {
    const scores = file("even.npy", npy(new Float32Array(300).fill(1)));
    const out = file("dense.json");
    await done([
      "select",
      "--scores",
      scores,
      "--embeddings",
      x,
      "-k",
      "3",
      "--density",
      "1",
      "--backend",
      "cpu",
      "--out",
      out,
    ]);
    const { picks, density } = JSON.parse(readFileSync(out, "utf8"));
    expect(density).toEqual({ measuredOn: 299, standardError: 0 });
    const expected = [...Array(300).keys()].sort((a, b) => dense(b) - dense(a)).slice(0, 3);
    expect(picks.map(({ row }: { row: number }) => row)).toEqual(expected);
  });

  test.each<Mistake>([
    [
      "an epsilon above 1",
      "select --scores scores.npy -k 1 --epsilon 2 --out OUT/p.csv",
      /--epsilon must be a number from 0 to 1, got "2"/,
    ],
    [
      "density without embeddings",
      "select --scores scores.npy -k 1 --density 1 --backend cpu --out OUT/p.csv",
      /density measures distances: give --embeddings/,
    ],
  ])("refuses %s", refused);
});

describe("simulate", () => {
  const args = [
    "simulate",
    "--features",
    x,
    "--labels",
    y,
    "--strategies",
    "margin,entropy",
    "--batch",
    "top-k,k-center",
    "-k",
    "5",
    "--rounds",
    "4",
    "--seeds",
    "3",
    "--backend",
    "cpu",
  ];

  test("writes what each strategy learns, on one thread as on two", async () => {
    const [one, two] = [file("one"), file("two")];
    const { stdout } = await done([...args, "--threads", "1", "--out", one]);
    await done([...args, "--threads", "2", "--out", two]);
    expect(curvesOf(two)).toEqual(curvesOf(one));
    expect(stdout.split("\n")[0]).toMatch(
      /^strategy +batch +mean accuracy +labels to 80 % +labels to 90 % +labels to 95 %$/,
    );
    expect(
      stdout
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((line) => line.split(/ +/).slice(0, 2).join(" ")),
    ).toEqual(["random top-k", "margin top-k", "entropy top-k", "k-center k-center"]);
    // 3 seeds: the model that knows all, and 4 ways with a model after each of 4 rounds.
    expect(rowsOf(one).length).toBe(1 + 3 * (1 + 4 * 4));
    const { summaries, runs, k } = JSON.parse(readFileSync(join(one, "curves.json"), "utf8"));
    expect(k).toBe(5);
    expect(runs.length).toBe(15);
    expect(summaries[1].curve.map(({ labels: n }: { labels: number }) => n)).toEqual([5, 10, 15, 20]);
    // A test set, the same for all runs of a seed, which none of them asks for.
    for (const { strategy, picks } of runs)
      if (strategy !== "full") expect(new Set(picks.map(({ row }: { row: number }) => row)).size).toBe(20);
    const page = readFileSync(join(one, "report.html"), "utf8");
    expect(page).toContain("<svg");
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page).not.toContain("<script");
    expect(readdirSync(join(one, "runs")).length).toBe(15);
  });

  test("goes on where it was, and refuses the folder of another", async () => {
    const folder = file("again");
    await done([...args, "--out", folder]);
    const before = curvesOf(folder);
    const kept = readFileSync(join(folder, "runs/margin-top-k-1.json"), "utf8");
    for (const name of ["runs/margin-top-k-0.json", "runs/full-top-k-2.json", "curves.csv", "report.html"])
      rmSync(join(folder, name));
    await done([...args, "--out", folder]);
    expect(curvesOf(folder)).toEqual(before);
    expect(readFileSync(join(folder, "runs/margin-top-k-1.json"), "utf8")).toBe(kept);
    expect(existsSync(join(folder, "report.html"))).toBe(true);
    writeFileSync(join(folder, "runs/margin-top-k-1.json"), "{");
    const damaged = await poolwise.run([...args, "--out", folder]);
    expect([damaged.code, damaged.stderr]).toEqual([
      2,
      expect.stringMatching(/margin-top-k-1\.json: is damaged: remove it, and it is run again\n$/),
    ]);
    const other = await poolwise.run([...args.map((arg) => (arg === "5" ? "6" : arg)), "--out", folder]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/again: holds another simulation/)]);
  });

  test("goes on with more seeds, more rules and no strategy", async () => {
    const [folder, whole] = [file("more"), file("whole")];
    const first = ["simulate", "--features", x, "--labels", y, "--backend", "cpu", "-k", "5", "--rounds", "2"];
    await done([...first, "--strategies", "margin", "--seeds", "1", "--out", folder]);
    const kept = statSync(join(folder, "runs/margin-top-k-0.json")).mtimeMs;
    const more = [...first, "--strategies", "margin", "--batch", "top-k,k-center", "--seeds", "2"];
    await done([...more, "--out", folder]);
    expect(statSync(join(folder, "runs/margin-top-k-0.json")).mtimeMs).toBe(kept);
    await done([...more, "--out", whole]);
    expect(curvesOf(folder)).toEqual(curvesOf(whole));
    await done([...first, "--strategies", "", "--batch", "k-center", "--seeds", "2", "--out", folder]);
    expect(curvesOf(folder)).toEqual(curvesOf(whole).filter((line) => !line.startsWith("margin")));
  });

  test("takes labels by any numbers, each to the row that it is of", async () => {
    const [plain, odd] = [file("plain"), file("odd")];
    const lines = Array.from(labels, (label, row) => `${row},${1_000_000 * label + 5}`).toReversed();
    const csv = file("by-row.csv", ["row,label", ...lines, ""].join("\n"));
    const first = ["simulate", "--features", x, "--backend", "cpu", "-k", "5", "--rounds", "2", "--seeds", "1"];
    await done([...first, "--strategies", "margin", "--labels", y, "--out", plain]);
    await done([...first, "--strategies", "margin", "--labels", csv, "--out", odd]);
    expect(curvesOf(odd)).toEqual(curvesOf(plain));
    expect(readFileSync(join(odd, "report.html"), "utf8")).toContain("1000005");
  });

  test("knows sets by name, and shows what was asked for", async () => {
    const folder = file("iris");
    await done([
      "simulate",
      "--dataset",
      "iris",
      "--strategies",
      "margin,eer-lookahead",
      "-k",
      "5",
      "--rounds",
      "3",
      "--seeds",
      "2",
      "--backend",
      "cpu",
      "--out",
      folder,
    ]);
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(page).toContain("by top-k of margin");
    expect(page).toMatch(/by eer \(lookahead, [^)]+\), rank correlation with exact 0\.\d\d/);
    expect(page).toContain("versicolor");
  });

  test("shows digits as images", async () => {
    const folder = file("digits");
    await done([
      "simulate",
      "--dataset",
      "digits",
      "--strategies",
      "margin",
      "--test-share",
      "0.9",
      "-k",
      "10",
      "--rounds",
      "2",
      "--seeds",
      "1",
      "--backend",
      "cpu",
      "--out",
      folder,
    ]);
    const page = readFileSync(join(folder, "report.html"), "utf8");
    expect(page.match(/<img src="data:image\/png;base64,/g)!.length).toBe(2 * 20);
  }, 120_000);

  file("short.npy", npy(Int32Array.of(0, 1), { descr: "<i4" }));
  file("one.npy", npy(new Int32Array(300), { descr: "<i4" }));
  const rest = "-k 5 --rounds 2 --seeds 1 --backend cpu --out OUT/folder";
  test.each<Mistake>([
    [
      "nothing to learn from",
      `simulate --strategies margin ${rest}`,
      /nothing to learn from: give --features with --labels, or --dataset/,
    ],
    [
      "two sets",
      `simulate --dataset iris --features x.npy --strategies margin ${rest}`,
      /--dataset stands in place of/,
    ],
    ["a set that is not known", `simulate --dataset cifar --strategies margin ${rest}`, /cifar.*digits, spam, iris/],
    ["a strategy that is not known", `simulate --dataset iris --strategies best ${rest}`, /unknown strategy "best"/],
    [
      "a rule that is not known",
      `simulate --dataset iris --strategies margin --batch best ${rest}`,
      /unknown batch "best"/,
    ],
    ["a strategy twice", `simulate --dataset iris --strategies margin,margin ${rest}`, /names margin twice/],
    [
      "labels that do not fit",
      `simulate --features x.npy --labels short.npy --strategies margin ${rest}`,
      /short\.npy: 2 labels for the 300 rows/,
    ],
    ["one class", `simulate --features x.npy --labels one.npy --strategies margin ${rest}`, /one class alone/],
    [
      "more than there are",
      `simulate --dataset iris --strategies margin -k 200 --rounds 1 --out OUT/folder`,
      /-k 200 is more than the 105 rows/,
    ],
    [
      "passes of a model without dropout",
      `simulate --dataset iris --strategies margin --passes 5 ${rest}`,
      /--passes draws dropout/,
    ],
    [
      "a strategy that compares passes, of a model that makes one",
      `simulate --dataset iris --strategies bald ${rest}`,
      /bald compares passes, and logistic makes one: use committee, or mlp with passes and dropout/,
    ],
    [
      "a rule that does",
      `simulate --dataset iris --strategies margin --batch batchbald --model mlp ${rest}`,
      /batchbald compares passes, and mlp makes one unless passes and dropout say otherwise: give both/,
    ],
    [
      "epsilon of what picks by itself",
      `simulate --dataset iris --strategies eer --epsilon 0.1 ${rest}`,
      /eer picks by itself, without epsilon, density or calibrate: simulate it apart/,
    ],
    [
      "a strategy that no rule ranks by",
      `simulate --dataset iris --strategies margin --batch kmeans,typiclust ${rest}`,
      /kmeans, typiclust ranks by nothing of one's choice, such as margin: leave strategies out/,
    ],
    [
      "epochs of a model that has none",
      `simulate --dataset iris --strategies margin --epochs 3 ${rest}`,
      /--epochs is of --model mlp, and logistic has none/,
    ],
    [
      "gradients of a committee",
      `simulate --dataset iris --strategies egl --model committee ${rest}`,
      /egl works from the gradients of one head, and a committee has none: use logistic or mlp/,
    ],
  ])("refuses %s", refused);
});
