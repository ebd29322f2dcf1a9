/**
 * jax-js by its README: `jit` fuses what it can, arrays are owned by whom they are passed to (`ref` keeps one), and results are
 * awaited with `data()`. Its WebAssembly has threads only where there is a `Worker`, which is in a page.
 */
import { defaultDevice, init, jit, lax, nn, numpy as np, random, tree } from "@jax-js/jax";
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

export async function openJax(device: "wasm" | "webgpu"): Promise<Library> {
  if (!(await init(device)).includes(device)) throw new Error(`jax-js does not open ${device}`);
  defaultDevice(device);
  return { threads: 1, prepare: async (task) => workOf(task) };
}

function workOf(task: Task): Work {
  if (task.work === "top-k") return topWork(task);
  if (task.work === "k-center") return centreWork(task);
  if (task.work === "k-means") return clusterWork(task);
  return scoreWork(task);
}

function scoreWork({ strategies, k, data, head, passes, dropout }: ScoreTask): Work {
  const pool = arrayOf(data);
  const weights = head.map(denseOf);
  if (dropout !== undefined) return dropoutBald(pool, weights, passes!, dropout);
  const [strategy] = strategies;
  const score = jit((x: np.Array, layers: Layer[]): np.Array[] => {
    if (strategy === "egl") return [gradientLengths(x, layers)];
    if (x.ndim === 3) return [bald(x)];
    return plain(strategies, layers.reduce(dense, x));
  });
  const best = k === undefined ? undefined : jit((x: np.Array, layers: Layer[]) => lax.topK(score(x, layers)[0], k));
  return async () =>
    best ? picksOf(best(pool.ref, tree.ref(weights))) : { values: await read(score(pool.ref, tree.ref(weights))) };
}

/** Of logits, sharing what they can. */
function plain(strategies: readonly string[], logits: np.Array): np.Array[] {
  const logP = nn.logSoftmax(logits);
  const p = np.exp(logP.ref);
  const first = np.max(p.ref, -1);
  const found = strategies.map((name) => {
    if (name === "entropy") return np.negative(np.sum(p.ref.mul(logP.ref), -1));
    if (name === "least-confidence") return np.subtract(1, first.ref);
    return np.subtract(1, first.ref).add(runnerUp(p.ref));
  });
  tree.dispose([logP, p, first]);
  return found;
}

/** The highest but the first of the highest. `lax.topK` sorts each row for it, which takes several times as long. */
function runnerUp(p: np.Array): np.Array {
  const first = nn.oneHot(np.argmax(p.ref, -1), p.shape[1]);
  return np.max(p.mul(np.subtract(1, first)), -1);
}

/** Mutual information: the entropy of the mean of passes, less their mean entropy. logits are [passes, rows, classes]. */
function bald(logits: np.Array): np.Array {
  const { p, negentropy } = opinion(logits);
  return information(np.mean(p, 0), np.mean(negentropy, 0));
}

// A type and no interface: what `jit` takes must be a tree.
type Opinion = { p: np.Array; negentropy: np.Array };

function opinion(logits: np.Array): Opinion {
  const logP = nn.logSoftmax(logits);
  const p = np.exp(logP.ref);
  return { p: p.ref, negentropy: np.sum(p.mul(logP), -1) };
}

function information(mean: np.Array, within: np.Array): np.Array {
  return within.sub(np.sum(mean.ref.mul(np.log(np.maximum(mean, TINY))), -1));
}

/** Keeps the logarithm of a probability that has rounded to 0 finite, for 0 ln 0 = 0. */
const TINY = 1e-37;

/** Dropout is drawn anew in each pass, and memory is that of one. */
function dropoutBald(pool: np.Array, layers: Layer[], passes: number, rate: number): Work {
  const [first, last] = layers;
  const hide = jit((x: np.Array, layer: Layer) => nn.relu(dense(x, layer)));
  const another = jit((sum: Opinion, hidden: np.Array, layer: Layer, key: np.Array): Opinion => {
    const kept = random.bernoulli(key, 1 - rate, hidden.shape);
    const one = opinion(dense(np.where(kept, hidden.mul(1 / (1 - rate)), 0), layer));
    return { p: sum.p.add(one.p), negentropy: sum.negentropy.add(one.negentropy) };
  });
  const finish = jit((sum: Opinion) => information(sum.p.mul(1 / passes), sum.negentropy.mul(1 / passes)));
  const [rows] = pool.shape;
  const [classes] = last.bias.shape;
  return async () => {
    const hidden = hide(pool.ref, tree.ref(first));
    const keys = np.unstack(random.split(random.key(0), passes));
    let sum: Opinion = { p: np.zeros([rows, classes]), negentropy: np.zeros([rows]) };
    for (const key of keys) sum = another(sum, hidden.ref, tree.ref(last), key);
    hidden.dispose();
    return { values: await read([finish(sum)]) };
  };
}

/** EGL in closed form: matrix products for all labels at once, and no gradient ever written down. */
function gradientLengths(x: np.Array, [first, last]: Layer[]): np.Array {
  const { weight } = last;
  const hidden = nn.relu(dense(x.ref, first));
  const slopes = np.sign(hidden.ref);
  const p = nn.softmax(dense(hidden.ref, tree.ref(last)));
  const back = np.matmul(p.ref, weight.ref);
  const sloped = slopes.ref.mul(back.ref);
  const deltas = sumOfRow(sloped.ref.mul(back))
    .sub(np.matmul(sloped, weight.ref.transpose()).mul(2))
    .add(np.matmul(slopes, np.square(weight.ref).transpose()));
  const errors = sumOfRow(np.square(p.ref)).sub(p.ref.mul(2)).add(1);
  const squares = errors.mul(sumOfRow(np.square(hidden)).add(1)).add(deltas.mul(sumOfRow(np.square(x)).add(1)));
  tree.dispose(last);
  return np.sum(p.mul(np.sqrt(np.maximum(squares, 0))), 1);
}

const sumOfRow = (values: np.Array): np.Array => np.sum(values, 1, { keepdims: true });

function topWork({ data, k }: TopTask): Work {
  const pool = arrayOf(data);
  const best = jit((x: np.Array) => lax.topK(x, k));
  return () => picksOf(best(pool.ref));
}

async function picksOf([scores, rows]: np.Array[]): Promise<Answer> {
  const [values, picks] = await Promise.all([scores.data(), rows.data()]);
  return { values: [values as Float32Array], picks: picks as Int32Array };
}

/** The least squared distances are kept; a pick stays on the device until all are made. */
function centreWork({ data, labelled, k }: CentreTask): Work {
  const pool = arrayOf(data);
  const known = np.array(labelled, { dtype: np.int32 });
  const lengthsOf = jit((x: np.Array) => np.sum(np.square(x), 1));
  const lengths = lengthsOf(pool.ref);
  const nearest = jit((x: np.Array, squares: np.Array, rows: np.Array): np.Array => {
    const apart = np
      .matmul(x.ref, np.take(x, rows.ref, 0).transpose())
      .mul(-2)
      .add(np.take(squares.ref, rows));
    return np.maximum(np.min(apart, 1).add(squares), 0);
  });
  const step = jit((x: np.Array, squares: np.Array, least: np.Array): [np.Array, np.Array] => {
    const row = np.argmax(least.ref).reshape([1]);
    return [row.ref, np.minimum(least, nearest(x, squares, row))];
  });
  return async () => {
    let least = nearest(pool.ref, lengths.ref, known.ref);
    const picks: np.Array[] = [];
    for (let i = 0; i < k; i++) {
      const [row, next] = step(pool.ref, lengths.ref, least);
      picks.push(row);
      least = next;
    }
    const [rows, [farthest]] = await read([np.concatenate(picks), np.max(least)]);
    return { picks: rows, radius: Math.sqrt(farthest) };
  };
}

/** Sums of clusters are a product with who is in which. An empty cluster keeps its centre. */
function clusterWork({ data, centres: begin, steps }: ClusterTask): Work {
  const pool = arrayOf(data);
  const first = arrayOf(begin);
  const [k] = begin.shape;
  const step = jit((x: np.Array, centres: np.Array): np.Array => {
    const apart = np.sum(np.square(centres.ref), 1).sub(np.matmul(x.ref, centres.ref.transpose()).mul(2));
    const own = nn.oneHot(np.argmin(apart, 1), k);
    const sizes = np.sum(own.ref, 0).reshape([k, 1]);
    const means = np.matmul(own.transpose(), x).div(np.maximum(sizes.ref, 1));
    return np.where(np.greater(sizes, 0), means, centres);
  });
  return async () => {
    let found = first.ref;
    for (let i = 0; i < steps; i++) found = step(pool.ref, found);
    return { centres: (await read([found]))[0] };
  };
}

type Layer = { weight: np.Array; bias: np.Array };

const denseOf = ({ weight, bias }: Dense): Layer => ({ weight: arrayOf(weight), bias: arrayOf(bias) });

const dense = (x: np.Array, { weight, bias }: Layer): np.Array => np.matmul(x, weight.transpose()).add(bias);

const arrayOf = ({ data, shape }: Matrix): np.Array => np.array(data as Float32Array<ArrayBuffer>).reshape([...shape]);

/** What arrays hold, and lets go of them. */
const read = (arrays: np.Array[]): Promise<Float32Array[]> =>
  Promise.all(arrays.map((each) => each.data() as Promise<Float32Array>));
