/**
 * Puts shader files together. A .wgsl file is never edited: files are concatenated, and the one thing WGSL cannot say,
 * which score's functions fill which slot, is linked by a few forwarding functions.
 */
import type { PointStorage } from "../../vectors.ts";
import type { PackedRows } from "../../matrix.ts";
import { shaders, type ShaderName } from "./shaders.gen.ts";

/** How one pass is read, how several are, or that scores are given. */
export type Frame = "thread" | "team" | "sweep" | "committee" | "given";
/** Predictions as they are stored, or logits that a head has just made, with or without gradients beside them. */
export type Input = "predictions" | "head" | "gradients";
/** Classes that one lane holds in registers at a time. */
export type Slice = 4 | 8 | 16;
/** Outputs that one thread of a product holds in registers. */
export type Tile = 4 | 8 | 12;

/**
 * What is done beside scores: nothing, marking those in doubt as infinite, or marking them and counting the first digit of
 * the radix select of slot 0.
 */
export type Tally = "none" | "marks" | "histogram";

export interface ScoreProgram {
  frame: Frame;
  input: Input;
  slice: Slice;
  tally: Tally;
  /** What fills the slots, by strategy name; each has three functions in shaders/scores/<name>.wgsl. */
  strategies: readonly string[];
}

const text = (...names: ShaderName[]): string => names.map((name) => shaders[name]).join("\n");

/** `least-confidence` → `least_confidence`: how a strategy's functions are called in WGSL. */
const wgslName = (strategy: string): string => strategy.replaceAll("-", "_");

/** visit_all, merge_all, merge_one and finish_one over the slots of a set of scores. */
function linkScores(strategies: readonly string[]): string {
  const each = (line: (name: string, slot: number) => string) =>
    strategies.map((s, i) => line(wgslName(s), i)).join("\n");
  return `
const SCORES = ${strategies.length}u;
alias Accs = array<vec4f, SCORES>;
fn visit_all(accs: ptr<function, Accs>, belief: Belief) {
${each((name, i) => `  (*accs)[${i}] = ${name}_visit((*accs)[${i}], belief);`)}
}
fn merge_all(accs: ptr<function, Accs>, others: ptr<function, Accs>) {
${each((name, i) => `  (*accs)[${i}] = ${name}_merge((*accs)[${i}], (*others)[${i}]);`)}
}
fn merge_one(slot: u32, a: vec4f, b: vec4f) -> vec4f {
  switch slot {
${each((name, i) => `    case ${i}u: { return ${name}_merge(a, b); }`)}
    default: { return a; }
  }
}
fn finish_one(slot: u32, acc: vec4f, row: u32) -> f32 {
  switch slot {
${each((name, i) => `    case ${i}u: { return ${name}_finish(acc, row); }`)}
    default: { return 0.0; }
  }
}
`;
}

/** Given scores are taken as they are: their only slot holds the finished score. */
const linkGiven = `
const SCORES = 1u;
fn finish_one(slot: u32, acc: vec4f, row: u32) -> f32 { return acc.x; }
`;

const besideFrame: Record<Frame, readonly ShaderName[]> = {
  thread: [],
  team: ["frames/teams"],
  sweep: ["frames/teams"],
  committee: [],
  given: [],
};

const inputFiles: Record<Input, readonly ShaderName[]> = {
  predictions: ["inputs/predictions", "inputs/no-gradients"],
  head: ["inputs/head", "inputs/row-state", "inputs/no-gradients"],
  gradients: ["inputs/head", "inputs/row-state", "inputs/gradients"],
};

const tallyFiles: Record<Tally, readonly ShaderName[]> = {
  none: ["tally/none", "tally/scores"],
  marks: ["tally/none", "tally/marks"],
  histogram: ["select/key", "select/taken", "tally/histogram"],
};

/** The whole WGSL of a score kernel; entry point `score_rows`. */
export function scoreProgram({ frame, input, slice, tally, strategies }: ScoreProgram): string {
  const shared =
    text("frames/report", "frames/common", `frames/${frame}`, ...besideFrame[frame]) + text(...tallyFiles[tally]);
  if (frame === "given") return shared + text("inputs/no-gradients") + linkGiven;
  const scores = strategies.map((name) => shaders[`scores/${name}` as ShaderName]).join("\n");
  return shared + text(...inputFiles[input], `inputs/slice-${slice}`, "random") + scores + linkScores(strategies);
}

/** Float32 out of packed values; entry point `expand_values`. */
export const expandProgram = (type: PackedRows["type"]): string => text(`expand/${type}`, "expand/expand");

/** The steps of a selection after the first digit has been counted; the entry point is in the name of each. */
export const selectPrograms = {
  count_digit: () => text("select/key", "select/taken", "select/selection", "select/segment", "select/count"),
  find_digit: () => text("frames/report", "select/key", "select/selection", "select/digit"),
  collect_candidates: () => text("select/key", "select/taken", "select/selection", "select/segment", "select/collect"),
} as const;

/** What a dense layer reads: values as they lie, those of one row in every pass, or those of each pass. */
export type ProductRead = "plain" | "first" | "again";
/** What becomes of its sums. */
export type ProductWrite = "values" | "slopes" | "pulled";

/** A dense layer; entry point `multiply`. */
export function productProgram(read: ProductRead, write: ProductWrite, tile: Tile): string {
  const inputs = read === "plain" ? text("head/read-plain") : text(`head/read-${read}`, "head/dropout", "random");
  const outputs = write === "pulled" ? "" : text("head/activation");
  const state = write === "slopes" ? text("inputs/row-state") : "";
  return text("head/params", "head/product", `head/tile-${tile}`, `head/write-${write}`) + inputs + outputs + state;
}

/** The steps of a head beside its products; the entry point is in the name of each. */
export const headPrograms = {
  turn_rows: () => text("head/params", "inputs/row-state", "head/turn"),
  spread_labels: () => text("head/params", "head/labels", "head/length"),
  start_deltas: () => text("head/params", "head/delta"),
  add_norms: () => text("head/params", "head/norms"),
} as const;

/** What the layer below the last adds to gradients; entry point `add_distances`. */
export const distanceProgram = (tile: Tile): string =>
  text("head/params", "head/distance", "head/length", `head/tile-${tile}`);

/** Distances between centres and points that are stored so; entry point `lower_tiles`. */
export const sweepProgram = (storage: PointStorage): string => text("distances/lower", `distances/${storage}`);

/** k-means' steps; the entry point is in the name of each. */
export const clusterPrograms = {
  assign_rows: () => text("kmeans/assign"),
  settle_rows: () => text("kmeans/settle"),
  scatter_moves: () => text("kmeans/scatter"),
  sum_parts: () => text("kmeans/wide", "kmeans/sum"),
  total_parts: () => text("kmeans/wide", "kmeans/total"),
} as const;

/** A dense layer in training; entry point `multiply`. `hidden`: forward. `deltas`: a gradient on its way back. */
export function trainedProductProgram(write: "hidden" | "deltas", tile: Tile): string {
  const beside = write === "hidden" ? text("head/activation", "random", "train/part") : "";
  return text("head/params", "head/product", `head/tile-${tile}`, "head/read-plain", `train/write-${write}`) + beside;
}

/** The steps of training beside its products; the entry point is in the name of each. */
export const trainPrograms = {
  gather_rows: () => text("train/params", "train/part", "train/rows", "train/gather"),
  spread_loss: () => text("train/params", "train/part", "train/rows", "train/loss"),
  sum_gradients: () => text("train/params", "train/part", "train/gradient"),
  step_weights: () => text("train/params", "train/part", "train/adam"),
} as const;
