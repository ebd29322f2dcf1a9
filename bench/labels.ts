/**
 * `npm run bench:labels`: does it save labels? Strategies and batch rules beside random, on sets whose labels are known, ten
 * seeds each, and a table of the labels that each takes. A study that was stopped goes on where it was.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openDataset } from "../src/cli/simulate/datasets.ts";
import { openRuns, runMissing } from "../src/cli/simulate/runs.ts";
import { openEngine } from "../src/index.ts";
import { runsOf, settingsOf, type SimulationPlan, type Truth } from "../src/loop/simulate.ts";
import { summarise, type Measure } from "../src/loop/summary.ts";
import { takeRows } from "../src/matrix.ts";
import { drawOrder } from "../src/models/mlp.ts";
import { randomUniform, streams } from "../src/random.ts";
import { sectionOf, type StudyReport } from "./labelsTable.ts";
import { aboutRun, aboutSubject, saveReport } from "../src/bench/report.ts";

interface Study {
  readonly name: string;
  /** What it is to show. */
  readonly about: string;
  readonly set: () => Truth;
  readonly measure?: Measure;
  readonly plan: Omit<SimulationPlan, "seeds" | "testShare" | "model"> &
    Partial<Pick<SimulationPlan, "testShare" | "model">>;
}

const SIDE = 28;
const HALF = SIDE / 2;

/** Digits of 14 × 14 pixels, each the mean of four, in an order drawn by lot. */
function digits(rows: number): Truth {
  const { features, labels } = openDataset("digits");
  const order = drawOrder(1, features.rows).slice(0, rows);
  const data = new Float32Array(order.length * HALF * HALF);
  order.forEach((from, row) => {
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++)
        data[row * HALF * HALF + (y >> 1) * HALF + (x >> 1)] += features.data[from * SIDE * SIDE + y * SIDE + x] / 4;
  });
  return {
    features: { data, rows: order.length, dims: HALF * HALF },
    labels: Array.from(order, (row) => labels[row]),
    classes: 10,
  };
}

/** Every row so many times over, one copy after the other. */
function repeated({ features: { data, rows, dims }, labels, classes }: Truth, times: number): Truth {
  const copies = new Float32Array(times * data.length);
  for (let time = 0; time < times; time++) copies.set(data, time * data.length);
  return {
    features: { data: copies, rows: times * rows, dims },
    labels: Array.from({ length: times * rows }, (_, row) => labels[row % rows]),
    classes,
  };
}

/** One digit against all others, of which so few are kept that it is rare. */
function rare(rows: number, digit: number, share: number): Truth {
  const { features, labels } = digits(10_000);
  const others = Array.from(labels).flatMap((label, row) => (label === digit ? [] : [row]));
  const wanted = Array.from(labels).flatMap((label, row) => (label === digit ? [row] : []));
  const kept = [...others.slice(0, Math.round(rows * (1 - share))), ...wanted.slice(0, Math.round(rows * share))];
  return {
    features: takeRows(features, kept),
    labels: kept.map((row) => (labels[row] === digit ? 1 : 0)),
    classes: 2,
  };
}

/**
 * Points of a plane: two classes that overlap, and a few of a third far beyond the second, where a model that has not been
 * told of them is surest that they are of the second.
 */
function hidden(rows: number, share: number): Truth {
  const data = new Float32Array(2 * rows);
  const labels = Array.from({ length: rows }, (_, row) => {
    const isFar = row < share * rows;
    const label = isFar ? 2 : row % 2;
    data[2 * row] = normal(row, 0) + (isFar ? 12 : 3 * label);
    data[2 * row + 1] = normal(row, 1);
    return label;
  });
  return { features: { data, rows, dims: 2 }, labels, classes: 3 };
}

/** By Box and Muller. */
function normal(row: number, unit: number): number {
  const [u, v] = [2 * unit, 2 * unit + 1].map((one) => randomUniform(1, streams.sample, row, one));
  return Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v);
}

/** Digits of which a share has its pixels shuffled, each in an order of its own, and any label. */
function withOutliers(rows: number, share: number): Truth {
  const { features, labels, classes } = digits(rows);
  const { data, dims } = features;
  const spoilt = data.slice();
  const told = Array.from(labels);
  for (let row = 0; row < share * rows; row++) {
    drawOrder(row, dims).forEach((from, to) => (spoilt[row * dims + to] = data[row * dims + from]));
    told[row] = row % classes;
  }
  return { features: { ...features, data: spoilt }, labels: told, classes };
}

const uncertain = ["least-confidence", "margin", "entropy"];

const studies: readonly Study[] = [
  {
    name: "digits",
    about: "handwritten digits, logistic regression: every strategy",
    set: () => digits(4000),
    plan: { strategies: [...uncertain, "egl"], batches: ["top-k"], k: 20, rounds: 20 },
  },
  {
    name: "digits, batches",
    about: "the same, by rules that look for diversity",
    set: () => digits(4000),
    plan: {
      strategies: ["margin"],
      batches: ["hybrid", "ranked", "power", "k-center", "badge", "cluster-margin", "kmeans", "typiclust"],
      k: 20,
      rounds: 20,
    },
  },
  {
    name: "digits five times over",
    about: "every digit five times: what top-k asks again, and what diversity buys",
    set: () => repeated(digits(1000), 5),
    plan: { strategies: ["margin", "entropy"], batches: ["top-k", "hybrid", "badge", "k-center"], k: 20, rounds: 16 },
  },
  {
    name: "spam",
    about: "mails by their words, logistic regression",
    set: () => openDataset("spam"),
    plan: { strategies: uncertain.slice(1), batches: ["top-k", "hybrid", "badge"], k: 10, rounds: 20 },
  },
  {
    name: "rare",
    about: "one digit in fifty rows, by macro F1: uncertainty finds it",
    set: () => rare(4000, 4, 0.02),
    measure: "macroF1",
    plan: { strategies: ["margin", "entropy"], batches: ["top-k", "hybrid", "k-center"], k: 10, rounds: 20 },
  },
  {
    name: "rare, epsilon 0.2",
    about: "the same with a fifth of the picks by lot",
    set: () => rare(4000, 4, 0.02),
    measure: "macroF1",
    plan: { strategies: ["margin"], batches: ["top-k"], k: 10, rounds: 20, epsilon: 0.2 },
  },
  {
    name: "hidden",
    about: "two classes of points that overlap, and one in fifty of a third far beyond the second, by macro F1",
    set: () => hidden(3000, 0.02),
    measure: "macroF1",
    plan: {
      strategies: ["margin"],
      batches: ["top-k", "hybrid"],
      k: 10,
      rounds: 40,
      model: "mlp",
      hidden: [32],
      epochs: 100,
    },
  },
  {
    name: "hidden, epsilon 0.2",
    about: "the same with a fifth of the picks by lot",
    set: () => hidden(3000, 0.02),
    measure: "macroF1",
    plan: {
      strategies: ["margin"],
      batches: ["top-k"],
      k: 10,
      rounds: 40,
      model: "mlp",
      hidden: [32],
      epochs: 100,
      epsilon: 0.2,
    },
  },
  {
    name: "outliers",
    about: "digits, one in ten with its pixels shuffled and any label",
    set: () => withOutliers(4000, 0.1),
    plan: { strategies: uncertain, batches: ["top-k"], k: 20, rounds: 20 },
  },
  {
    name: "outliers, density 1",
    about: "the same, scores weighed by density",
    set: () => withOutliers(4000, 0.1),
    plan: { strategies: uncertain, batches: ["top-k"], k: 20, rounds: 20, density: 1 },
  },
  {
    name: "digits, epsilon 0.2",
    about: "a fifth of the picks by lot, where nothing is hidden",
    set: () => digits(4000),
    plan: { strategies: ["margin"], batches: ["top-k"], k: 20, rounds: 20, epsilon: 0.2 },
  },
  {
    name: "digits, density 1",
    about: "scores weighed by density",
    set: () => digits(4000),
    plan: { strategies: ["margin"], batches: ["top-k"], k: 20, rounds: 20, density: 1 },
  },
  {
    name: "digits, committee",
    about: "the same, five logistic regressions on resamples",
    set: () => digits(4000),
    plan: {
      strategies: ["vote-entropy", "bald", "consensus-entropy", "max-kl"],
      batches: ["top-k"],
      k: 20,
      rounds: 12,
      model: "committee",
    },
  },
  {
    name: "digits, mlp",
    about: "a hidden layer of 128 with dropout, ten rows a round: BALD one by one against BatchBALD",
    set: () => digits(2000),
    plan: {
      strategies: ["margin", "bald"],
      batches: ["top-k", "batchbald"],
      k: 10,
      rounds: 24,
      model: "mlp",
      hidden: [128],
      epochs: 200,
      dropout: 0.5,
      passes: 50,
    },
  },
  {
    name: "digits five times over, mlp",
    about: "the same with every digit five times: the setting of Kirsch et al. 2019",
    set: () => repeated(digits(600), 5),
    plan: {
      strategies: ["bald"],
      batches: ["top-k", "batchbald"],
      k: 10,
      rounds: 24,
      model: "mlp",
      hidden: [128],
      epochs: 200,
      dropout: 0.5,
      passes: 50,
    },
  },
];

const { values } = parseArgs({
  options: {
    filter: { type: "string", default: "" },
    seeds: { type: "string", default: "10" },
    out: { type: "string", default: ".cache/labels" },
    json: { type: "string" },
  },
});
const seeds = Number(values.seeds);
const chosen = studies.filter(({ name }) => name.includes(values.filter));
if (chosen.length === 0) {
  console.error(
    `bench: no study has "${values.filter}" in its name: they are ${studies.map(({ name }) => `"${name}"`).join(", ")}`,
  );
  process.exit(2);
}

await using engine = await openEngine({ backend: "cpu" });
const report: StudyReport[] = [];
for (const { name, about, set, plan: asked, measure = "accuracy" } of chosen) {
  const plan: SimulationPlan = { testShare: 0.3, model: "logistic", ...asked, seeds };
  const truth = set();
  const keys = runsOf(plan);
  const folder = await openRuns(
    join(values.out, name.replace(/[^a-z0-9]+/g, "-")),
    { ...settingsOf(plan), set: name },
    keys,
  );
  const missing = keys.length - folder.done.length;
  const began = performance.now();
  const runs = await runMissing(folder, { engine, truth, plan, keys, threads: availableParallelism() });
  const summaries = summarise(runs, measure);
  const full = runs.filter(({ strategy }) => strategy === "full").map(({ curve }) => curve[0][measure]!);
  const mean = full.reduce((sum, value) => sum + value, 0) / full.length;
  const found = {
    name,
    about,
    measure,
    rows: truth.features.rows,
    dims: truth.features.dims,
    plan,
    full: mean,
    summaries,
  };
  console.log(`\n${sectionOf(found)}`);
  if (missing > 0) console.log(`\n${missing} runs in ${((performance.now() - began) / 1000).toFixed(0)} s.`);
  report.push(found);
  if (values.json === undefined) continue;
  const all = { ...aboutRun([aboutSubject({ engine, software: false })]), seeds, studies: report };
  saveReport(values.json, all);
}
