/**
 * ONNX Runtime Web as its guide has it: one graph, optimised when its session is made, run by WebAssembly with SIMD and a thread
 * a core. What a graph is fed is copied in at every run, for a tensor cannot stay in this backend's memory; weights do.
 */
import { availableParallelism } from "node:os";
import * as ort from "onnxruntime-web";
import { Graph, type Value } from "./onnxModel.ts";
import type {
  Answer,
  CentreTask,
  ClusterTask,
  Dense,
  Library,
  Matrix,
  ScoreTask,
  Task,
  TopTask,
  Work,
} from "../task.ts";

export async function openOnnx(): Promise<Library> {
  const threads = availableParallelism();
  ort.env.wasm.numThreads = threads;
  return { threads, prepare: workOf };
}

function workOf(task: Task): Promise<Work> {
  if (task.work === "top-k") return topWork(task);
  if (task.work === "k-center") return centreWork(task);
  if (task.work === "k-means") return clusterWork(task);
  return scoreWork(task);
}

async function scoreWork({ strategies, k, data, head, passes = 1, dropout }: ScoreTask): Promise<Work> {
  const graph = new Graph();
  const layers = head.map((each) => denseOf(graph, each));
  const found = scored();
  if (k !== undefined) return bestOf(graph, data, found[0], k);
  const run = await session(graph, data, found.map(floatsOf), dropout !== undefined);
  return async () => ({ values: (await run()) as Float32Array[] });

  function scored(): string[] {
    if (strategies[0] === "egl") return [gradientLengths(graph, "x", layers)];
    if (dropout !== undefined) return [dropoutBald(graph, "x", layers, passes, dropout)];
    if (data.shape.length === 3) return [bald(graph, "x")];
    return plain(
      graph,
      strategies,
      layers.reduce((logits, layer) => dense(graph, logits, layer), "x"),
    );
  }
}

/** Of logits, sharing what they can. */
function plain(graph: Graph, strategies: readonly string[], logits: string): string[] {
  const p = graph.op("Softmax", [logits], { axis: -1 });
  const one = graph.number(1);
  const axis = graph.integers(-1);
  return strategies.map((name) => {
    if (name === "entropy") return graph.op("Neg", [plogp(graph, logits, p)]);
    if (name === "least-confidence") return graph.op("Sub", [one, reduce(graph, "ReduceMax", p)]);
    const [two] = graph.ops("TopK", [p, graph.integers(2)], 2, { axis: -1 });
    const [first, second] = graph.ops("Split", [two], 2, { axis: -1, num_outputs: 2 });
    return graph.op("Squeeze", [graph.op("Sub", [one, graph.op("Sub", [first, second])]), axis]);
  });
}

/** Σ p ln p along the last axis. */
function plogp(graph: Graph, logits: string, p: string): string {
  return reduce(graph, "ReduceSum", graph.op("Mul", [p, graph.op("LogSoftmax", [logits], { axis: -1 })]));
}

const reduce = (graph: Graph, type: string, values: string, axis = -1, keepdims = 0): string =>
  graph.op(type, [values, graph.integers(axis)], { keepdims });

/** Mutual information: the entropy of the mean of passes, less their mean entropy. logits are [passes, rows, classes]. */
function bald(graph: Graph, logits: string): string {
  const p = graph.op("Softmax", [logits], { axis: -1 });
  const mean = reduce(graph, "ReduceMean", p, 0);
  return information(graph, mean, reduce(graph, "ReduceMean", plogp(graph, logits, p), 0));
}

function information(graph: Graph, mean: string, within: string): string {
  // Keeps the logarithm of a probability that has rounded to 0 finite, for 0 ln 0 = 0.
  const log = graph.op("Log", [graph.op("Max", [mean, graph.number(1e-37)])]);
  return graph.op("Sub", [within, reduce(graph, "ReduceSum", graph.op("Mul", [mean, log]))]);
}

/** `Dropout` is told that it trains, or it would do nothing. */
function dropoutBald(graph: Graph, x: string, [first, last]: Layer[], passes: number, rate: number): string {
  const hidden = graph.op("Relu", [dense(graph, x, first)]);
  const ratio = graph.number(rate);
  const trains = graph.op("Cast", [graph.integer(1)], { to: 9 });
  const opinions = Array.from({ length: passes }, (_, seed) => {
    const logits = dense(graph, graph.op("Dropout", [hidden, ratio, trains], { seed }), last);
    const p = graph.op("Softmax", [logits], { axis: -1 });
    return { p, negentropy: plogp(graph, logits, p) };
  });
  const mean = graph.op(
    "Mean",
    opinions.map(({ p }) => p),
  );
  return information(
    graph,
    mean,
    graph.op(
      "Mean",
      opinions.map(({ negentropy }) => negentropy),
    ),
  );
}

/** EGL in closed form: matrix products for all labels at once, and no gradient ever written down. */
function gradientLengths(graph: Graph, x: string, [first, last]: Layer[]): string {
  const [one, two] = [graph.number(1), graph.number(2)];
  const op = graph.op.bind(graph);
  const sum = (values: string): string => reduce(graph, "ReduceSum", values, 1, 1);
  const square = (values: string): string => op("Mul", [values, values]);
  const hidden = op("Relu", [dense(graph, x, first)]);
  const slopes = op("Sign", [hidden]);
  const p = op("Softmax", [dense(graph, hidden, last)], { axis: -1 });
  const back = op("MatMul", [p, last.weight]);
  const sloped = op("Mul", [slopes, back]);
  const crossed = op("Mul", [two, op("MatMul", [sloped, last.transposed])]);
  const deltas = op("Add", [
    op("Sub", [sum(op("Mul", [sloped, back])), crossed]),
    op("MatMul", [slopes, square(last.transposed)]),
  ]);
  const errors = op("Add", [op("Sub", [sum(square(p)), op("Mul", [two, p])]), one]);
  const squares = op("Add", [
    op("Mul", [errors, op("Add", [sum(square(hidden)), one])]),
    op("Mul", [deltas, op("Add", [sum(square(x)), one])]),
  ]);
  return reduce(graph, "ReduceSum", op("Mul", [p, op("Sqrt", [op("Relu", [squares])])]), 1);
}

function topWork({ data, k }: TopTask): Promise<Work> {
  return bestOf(new Graph(), data, "x", k);
}

async function bestOf(graph: Graph, data: Matrix, scores: string, k: number): Promise<Work> {
  const [values, rows] = graph.ops("TopK", [scores, graph.integers(k)], 2, { axis: 0 });
  const run = await session(graph, data, [floatsOf(values), { name: rows, type: "int64", shape: [k] }]);
  return async () => {
    const [found, picks] = await run();
    return { values: [found as Float32Array], picks: Array.from(picks as BigInt64Array, Number) };
  };
}

/** All picks in one run: the least squared distances go round a loop. */
async function centreWork({ data, labelled, k }: CentreTask): Promise<Work> {
  const [rows] = data.shape;
  const graph = new Graph();
  const squares = reduce(graph, "ReduceSum", graph.op("Mul", ["x", "x"]), 1);
  const first = nearest(graph, squares, graph.integers(...labelled));
  const body = new Graph("body");
  const row = body.op("ArgMax", ["least"], { axis: 0, keepdims: 1 });
  const next = body.op("Min", ["least", nearest(body, squares, row)]);
  const least = { type: "float", shape: [rows] } as const;
  const [last, picks] = graph.ops("Loop", [graph.integer(k), "", first], 2, {
    body: body.message(
      [...turn, { name: "least", ...least }],
      [
        { name: body.op("Identity", ["go"]), type: "bool", shape: [] },
        { name: next, ...least },
        { name: row, type: "int64", shape: [1] },
      ],
    ),
  });
  const radius = graph.op("Sqrt", [graph.op("ReduceMax", [last], { keepdims: 0 })]);
  const run = await session(graph, data, [
    { name: picks, type: "int64", shape: [k, 1] },
    { name: radius, type: "float", shape: [] },
  ]);
  return async (): Promise<Answer> => {
    const [found, [farthest]] = await run();
    return { picks: Array.from(found as BigInt64Array, Number), radius: Number(farthest) };
  };
}

/** The least squared distance of each row to some of them. A loop's body sees the names around it. */
function nearest(graph: Graph, squares: string, rows: string): string {
  const some = graph.op("Transpose", [graph.op("Gather", ["x", rows], { axis: 0 })]);
  const product = graph.op("Mul", [graph.op("MatMul", ["x", some]), graph.number(-2)]);
  const apart = graph.op("Add", [product, graph.op("Gather", [squares, rows], { axis: 0 })]);
  return graph.op("Relu", [graph.op("Add", [reduce(graph, "ReduceMin", apart, 1), squares])]);
}

/** All steps in one run. Sums of clusters are a product with who is in which. An empty cluster keeps its centre. */
async function clusterWork({ data, centres: { data: begin, shape }, steps }: ClusterTask): Promise<Work> {
  const [k] = shape;
  const graph = new Graph();
  const body = new Graph("body");
  const op = body.op.bind(body);
  const apart = op("Sub", [
    reduce(body, "ReduceSum", op("Mul", ["centres", "centres"]), 1),
    op("Mul", [op("MatMul", ["x", op("Transpose", ["centres"])]), body.number(2)]),
  ]);
  const own = op("ArgMin", [apart], { axis: 1, keepdims: 0 });
  const members = op("OneHot", [own, body.integer(k), body.constant(Float32Array.of(0, 1), [2])], { axis: 0 });
  const sizes = reduce(body, "ReduceSum", members, 1, 1);
  const means = op("Div", [op("MatMul", [members, "x"]), op("Max", [sizes, body.number(1)])]);
  const moved = op("Where", [op("Greater", [sizes, body.number(0)]), means, "centres"]);
  const centres = { type: "float", shape } as const;
  const last = graph.op("Loop", [graph.integer(steps), "", graph.constant(begin, shape)], {
    body: body.message(
      [...turn, { name: "centres", ...centres }],
      [
        { name: op("Identity", ["go"]), type: "bool", shape: [] },
        { name: moved, ...centres },
      ],
    ),
  });
  const run = await session(graph, data, [{ name: last, ...centres }]);
  return async () => ({ centres: (await run())[0] as Float32Array });
}

/** What every loop's body is told first. */
const turn: Value[] = [
  { name: "turn", type: "int64", shape: [] },
  { name: "go", type: "bool", shape: [] },
];

/** Runs a graph of `x`, and gives its outputs in order. The optimiser takes out every `Dropout`, even one that trains. */
async function session(graph: Graph, { data, shape }: Matrix, outputs: readonly Value[], drops = false) {
  const model = graph.model([{ name: "x", type: "float", shape }], outputs);
  const graphOptimizationLevel = drops ? "disabled" : "all";
  const opened = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], graphOptimizationLevel });
  const feeds = { x: new ort.Tensor("float32", data, shape) };
  return async () => {
    const results = await opened.run(feeds);
    return outputs.map(({ name }) => results[name].data as Float32Array | BigInt64Array);
  };
}

interface Layer {
  readonly weight: string;
  readonly transposed: string;
  readonly bias: string;
}

function denseOf(graph: Graph, { weight, bias }: Dense): Layer {
  const name = graph.constant(weight.data, weight.shape);
  return { weight: name, transposed: graph.op("Transpose", [name]), bias: graph.constant(bias.data, bias.shape) };
}

const dense = (graph: Graph, x: string, { transposed, bias }: Layer): string =>
  graph.op("Add", [graph.op("MatMul", [x, transposed]), bias]);

const floatsOf = (name: string): Value => ({ name, type: "float", shape: ["rows"] });
