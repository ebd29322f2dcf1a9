/**
 * TensorFlow.js by its own guides: tensors are made once, what is made on the way is tidied up, and results are awaited with
 * `data()`. Its WebAssembly has SIMD everywhere and threads only in a page.
 */
import * as tf from "@tensorflow/tfjs";
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

export async function openTfjs(backend: "wasm" | "webgpu"): Promise<Library> {
  tf.enableProdMode();
  await import(`@tensorflow/tfjs-backend-${backend}`);
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js does not open ${backend}`);
  return { threads: 1, prepare: async (task) => workOf(task) };
}

function workOf(task: Task): Work {
  if (task.work === "top-k") return topWork(task);
  if (task.work === "k-center") return centreWork(task);
  if (task.work === "k-means") return clusterWork(task);
  return scoreWork(task);
}

function scoreWork({ strategies, k, data, head, passes = 1, dropout }: ScoreTask): Work {
  const x = tensor(data);
  const layers = head.map(denseOf);
  const [strategy] = strategies;
  const score = (): tf.Tensor[] => {
    if (strategy === "egl") return [gradientLengths(x as tf.Tensor2D, layers)];
    if (dropout !== undefined) return [dropoutBald(x as tf.Tensor2D, layers, passes, dropout)];
    if (x.rank === 3) return [bald(x)];
    return plain(
      strategies,
      layers.reduce((logits, layer) => dense(logits, layer), x),
    );
  };
  return async () => {
    if (k === undefined) return { values: await read(tf.tidy(score)) };
    return best(tf.tidy(() => tf.topk(score()[0], k)));
  };
}

/** Of logits, sharing what they can. */
function plain(strategies: readonly string[], logits: tf.Tensor): tf.Tensor[] {
  const p = tf.softmax(logits);
  const [first, second] = strategies.includes("margin") ? tf.split(tf.topk(p, 2).values, 2, -1) : [tf.max(p, -1, true)];
  return strategies.map((name) => {
    if (name === "entropy") return tf.neg(tf.sum(tf.mul(p, tf.logSoftmax(logits)), -1));
    return tf.squeeze(tf.sub(1, name === "margin" ? tf.sub(first, second) : first), [-1]);
  });
}

/** Mutual information: the entropy of the mean of passes, less their mean entropy. logits are [passes, rows, classes]. */
function bald(logits: tf.Tensor): tf.Tensor {
  const { p, negentropy } = opinion(logits);
  return information(tf.mean(p, 0), tf.mean(negentropy, 0));
}

/** Dropout is drawn anew in each pass, and memory is that of one. */
function dropoutBald(x: tf.Tensor2D, [first, last]: readonly Layer[], passes: number, rate: number): tf.Tensor {
  const hidden = tf.relu(dense(x, first));
  const another = (sum?: Opinion): Opinion => {
    const { p, negentropy } = opinion(dense(tf.dropout(hidden, rate), last));
    return sum ? { p: tf.add(sum.p, p), negentropy: tf.add(sum.negentropy, negentropy) } : { p, negentropy };
  };
  let sum = tf.tidy(another);
  for (let pass = 1; pass < passes; pass++) {
    const next = tf.tidy(() => another(sum));
    tf.dispose(sum);
    sum = next;
  }
  return information(tf.div(sum.p, passes), tf.div(sum.negentropy, passes));
}

/** What is said of rows. A type and no interface: what `tidy` gives must be a container of tensors. */
type Opinion = {
  /** [rows, classes] */
  p: tf.Tensor;
  /** Σ p ln p: [rows] */
  negentropy: tf.Tensor;
};

function opinion(logits: tf.Tensor): Opinion {
  const p = tf.softmax(logits);
  return { p, negentropy: tf.sum(tf.mul(p, tf.logSoftmax(logits)), -1) };
}

function information(mean: tf.Tensor, within: tf.Tensor): tf.Tensor {
  return tf.sub(within, tf.sum(tf.mul(mean, tf.log(tf.maximum(mean, TINY))), -1));
}

/** Keeps the logarithm of a probability that has rounded to 0 finite, for 0 ln 0 = 0. */
const TINY = 1e-37;

/** EGL in closed form: matrix products for all labels at once, and no gradient ever written down. */
function gradientLengths(x: tf.Tensor2D, [first, last]: readonly Layer[]): tf.Tensor {
  const hidden = tf.relu(dense(x, first)) as tf.Tensor2D;
  const slopes = tf.sign(hidden) as tf.Tensor2D;
  const p = tf.softmax(dense(hidden, last)) as tf.Tensor2D;
  const back = tf.matMul(p, last.weight);
  const sloped = tf.mul(slopes, back) as tf.Tensor2D;
  const deltas = tf.add(
    tf.sub(tf.sum(tf.mul(sloped, back), 1, true), tf.mul(2, tf.matMul(sloped, last.weight, false, true))),
    tf.matMul(slopes, tf.square(last.weight), false, true),
  );
  const errors = tf.add(tf.sub(tf.sum(tf.square(p), 1, true), tf.mul(2, p)), 1);
  const squares = tf.add(
    tf.mul(errors, tf.add(tf.sum(tf.square(hidden), 1, true), 1)),
    tf.mul(deltas, tf.add(tf.sum(tf.square(x), 1, true), 1)),
  );
  return tf.sum(tf.mul(p, tf.sqrt(tf.relu(squares))), 1);
}

function topWork({ data, k }: TopTask): Work {
  const x = tensor(data);
  return () => best(tf.topk(x, k));
}

async function best({ values, indices }: { values: tf.Tensor; indices: tf.Tensor }): Promise<Answer> {
  const [scores, rows] = await read([values, indices]);
  return { values: [scores], picks: rows };
}

/** The least squared distances are kept; a pick stays on the device until all are made. */
function centreWork({ data, labelled, k }: CentreTask): Work {
  const x = tensor(data) as tf.Tensor2D;
  const squares = tf.tidy(() => tf.sum(tf.square(x), 1));
  const nearer = (least: tf.Tensor | undefined, rows: tf.Tensor1D): tf.Tensor => {
    const apart = tf.add(tf.mul(tf.matMul(x, tf.gather(x, rows), false, true), -2), tf.gather(squares, rows));
    const nearest = tf.relu(tf.add(tf.min(apart, 1), squares));
    return least ? tf.minimum(least, nearest) : nearest;
  };
  return async () => {
    let least = tf.tidy(() => nearer(undefined, tf.tensor1d(labelled, "int32")));
    const picks: tf.Tensor[] = [];
    for (let i = 0; i < k; i++) {
      const [pick, next] = tf.tidy(() => {
        const row = tf.reshape(tf.argMax(least), [1]) as tf.Tensor1D;
        return [row, nearer(least, row)];
      });
      tf.dispose(least);
      least = next;
      picks.push(pick);
    }
    const [rows, [farthest]] = await read(tf.tidy(() => [tf.concat(picks), tf.max(least)]));
    tf.dispose([...picks, least]);
    return { picks: rows, radius: Math.sqrt(farthest) };
  };
}

/** Sums of clusters are a product with who is in which. An empty cluster keeps its centre. */
function clusterWork({ data, centres: first, steps }: ClusterTask): Work {
  const x = tensor(data) as tf.Tensor2D;
  const begin = tensor(first) as tf.Tensor2D;
  const [k] = begin.shape;
  const step = (centres: tf.Tensor2D): tf.Tensor2D => {
    const apart = tf.sub(tf.sum(tf.square(centres), 1), tf.mul(2, tf.matMul(x, centres, false, true)));
    const own = tf.cast(tf.oneHot(tf.argMin(apart, 1) as tf.Tensor1D, k), "float32") as tf.Tensor2D;
    const sizes = tf.reshape(tf.sum(own, 0), [k, 1]);
    return tf.where(tf.greater(sizes, 0), tf.div(tf.matMul(own, x, true), tf.maximum(sizes, 1)), centres);
  };
  return async () => {
    let found = tf.clone(begin);
    for (let i = 0; i < steps; i++) {
      const next = tf.tidy(() => step(found));
      tf.dispose(found);
      found = next;
    }
    return { centres: (await read([found]))[0] };
  };
}

interface Layer {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

const denseOf = ({ weight, bias }: Dense): Layer => ({
  weight: tensor(weight) as tf.Tensor2D,
  bias: tensor(bias) as tf.Tensor1D,
});

const dense = (x: tf.Tensor, { weight, bias }: Layer): tf.Tensor => tf.add(tf.matMul(x, weight, false, true), bias);

const tensor = ({ data, shape }: Matrix): tf.Tensor => tf.tensor(data, [...shape]);

/** What tensors hold, and lets go of them. */
async function read(tensors: tf.Tensor[]): Promise<Float32Array[]> {
  const values = await Promise.all(tensors.map((each) => each.data()));
  tf.dispose(tensors);
  return values as Float32Array[];
}
