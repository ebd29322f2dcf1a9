/** The same batches by other libraries on the same data in the same run, where this machine has what they need. */
import { join } from "node:path";
import { spreadOf, type Patience, type Spread } from "../../src/bench/measure.ts";
import { interpreters, python } from "../peers.ts";
import { ask, findNodePeers, hurried, type NodePeer } from "../peers/ask.ts";
import type { Task } from "../peers/task.ts";
import type { BatchAnswer } from "./checks.ts";
import type { BatchCase } from "./cases.ts";
import { firstRows, type BatchPool } from "./data.ts";
import { aloneOf } from "./alone/index.ts";
import { firstCentresOf } from "./alone/lloyd.ts";

const script = join(import.meta.dirname, "../batch_peers.py");

interface Kind {
  readonly peer: string;
  readonly about: string;
  readonly rules: readonly BatchCase["rule"][];
  /** Of Python; the newest of the first one is taken. */
  readonly libraries: readonly string[];
  /** Timed on some rows and picks only, and scaled to all. */
  readonly scaled?: boolean;
}

const kinds: readonly Kind[] = [
  {
    peer: "incremental",
    about: "NumPy, the least distances kept, a matrix-vector product a pick",
    rules: ["k-center", "hybrid"],
    libraries: ["numpy"],
  },
  {
    peer: "recomputed",
    about: "SciPy, all distances anew at every pick; timed on a sample and scaled",
    rules: ["k-center", "hybrid"],
    libraries: ["scipy", "numpy"],
    scaled: true,
  },
  {
    peer: "numpy",
    about: "BADGE on factorised gradients; BatchBALD over all rows at every pick; density by products of matrices",
    rules: ["badge", "batchbald", "density"],
    libraries: ["numpy"],
  },
  {
    peer: "scikit-learn",
    about:
      "KMeans; k-center by pairwise_distances_argmin_min and euclidean_distances to each pick; density by pairwise_distances_chunked; typicality by NearestNeighbors",
    rules: ["k-center", "kmeans", "density", "typicality"],
    libraries: ["sklearn", "numpy"],
  },
  { peer: "scipy", about: "kmeans2", rules: ["kmeans"], libraries: ["scipy", "numpy"] },
  {
    peer: "torch",
    about: "the same BatchBALD in PyTorch; density and typicality by cdist; training by optim.Adam",
    rules: ["batchbald", "density", "typicality", "train"],
    libraries: ["torch", "numpy"],
  },
];

export type BatchPeer = PythonPeer | (Kind & Pick<NodePeer, "on"> & Pick<PythonPeer, "versions">);

interface PythonPeer extends Kind {
  readonly interpreter: string;
  /** Of Python and its libraries. */
  readonly versions: { readonly [name: string]: string };
}

export interface BatchPeerTimed {
  readonly peer: string;
  readonly scaled: boolean;
  readonly runs: number;
  /** Seconds. */
  readonly warm: Spread;
  /** That it was told to use; null where it was left to itself. */
  readonly threads: number | null;
  /** Of a first run, which was not timed; one that is timed on a sample may have none. */
  readonly answer: BatchAnswer | null;
  /** The case that it is the answer to, if another: with the first rows alone. */
  readonly answered?: BatchCase;
}

export interface BatchPeerFault {
  readonly peer: string;
  readonly fault: string;
}

/** Those there are here for these backends, and why the others are not. */
export async function findPeers(
  backends: readonly string[],
  /** By their own name, or that of their library. */
  wanted?: readonly string[],
): Promise<{ peers: BatchPeer[]; missing: string[] }> {
  const found = await Promise.all(
    interpreters.map(async (interpreter) => ({ interpreter, versions: await versionsOf(interpreter) })),
  );
  const peers: BatchPeer[] = [];
  const missing: string[] = [];
  for (const kind of kinds) {
    const [first] = kind.libraries;
    const [best] = found
      .filter(({ versions }) => kind.libraries.every((name) => versions[name]))
      .sort((a, b) => b.versions[first].localeCompare(a.versions[first], "en", { numeric: true }));
    if (best) {
      const versions = Object.fromEntries(["python", ...kind.libraries].map((name) => [name, best.versions[name]]));
      peers.push({ ...kind, interpreter: best.interpreter, versions });
    } else missing.push(`${kind.peer} is left out: no Python here has ${kind.libraries.join(" and ")}`);
  }
  const ofNpm = findNodePeers().filter(({ on }) => backends.includes(on));
  if (ofNpm.length === 0) missing.push("libraries of npm are left out: npm ci --prefix bench installs them");
  for (const { library, version, on } of ofNpm) {
    const steps = library === "ml-kmeans";
    const about = steps ? "kmeans" : "a product of matrices a pick or step";
    const versions = { [library]: version, node: process.versions.node };
    peers.push({
      peer: library,
      about,
      rules: steps ? ["kmeans"] : ["k-center", "kmeans"],
      libraries: [library],
      versions,
      on,
    });
  }
  const named = ({ peer, libraries: [first] }: BatchPeer): boolean =>
    !wanted || [peer, first].some((name) => wanted.includes(name));
  return { peers: peers.filter(named), missing };
}

async function versionsOf(interpreter: string): Promise<{ [name: string]: string }> {
  try {
    return JSON.parse(await python(interpreter, script, [], []));
  } catch {
    return {};
  }
}

/** Times a peer; whether it is right is for others to say. */
export function timePeer(
  peer: BatchPeer,
  one: BatchCase,
  pool: BatchPool,
  patience: Patience,
  software: boolean,
): Promise<BatchPeerTimed | BatchPeerFault> {
  return "on" in peer ? timeNodePeer(peer, one, pool, patience, software) : timePython(peer, one, pool, patience);
}

/** Multiply-adds that a library of npm gets at most: the last is a CPU that plays a GPU. Past them it gets the first rows. */
const MOST_WORK = { plain: 3e8, cpu: 1.5e9, gpu: 1e11, software: 5e7 };

async function timeNodePeer(
  { peer, on }: Pick<BatchPeer, "peer"> & Pick<NodePeer, "on">,
  one: BatchCase,
  pool: BatchPool,
  patience: Patience,
  software: boolean,
): Promise<BatchPeerTimed | BatchPeerFault> {
  const { rule, dims, labelled, k, steps = 1 } = one;
  const kind = peer === "ml-kmeans" ? "plain" : on === "cpu" ? "cpu" : software ? "software" : "gpu";
  const most = MOST_WORK[kind] / (dims * (labelled + k * steps));
  const few = { ...one, rows: Math.min(one.rows, Math.max(Math.floor(most), 2 * (labelled + k))) };
  const scaled = few.rows < one.rows;
  const given = scaled ? firstRows(few, pool) : pool;
  const data = { data: given.embeddings, shape: [few.rows, dims] };
  const task: Task =
    rule === "kmeans"
      ? { work: "k-means", data, centres: { data: firstCentresOf(few, given), shape: [k, dims] }, steps }
      : { work: "k-center", data, labelled: Int32Array.from(given.labelled), k };
  const waiting = kind === "software" ? hurried(patience) : patience;
  const said = await ask({ library: peer, task, patience: waiting });
  if (said.fault !== undefined) return { peer, fault: said.fault };
  const warm = spreadOf(said.seconds.map((each) => (each * one.rows) / few.rows));
  const answer = { picks: said.picks ?? [], radius: said.radius, values: said.centres };
  return { peer, scaled, runs: said.seconds.length, warm, threads: said.threads, answer, answered: few };
}

async function timePython(
  { peer, interpreter, scaled = false }: PythonPeer,
  one: BatchCase,
  pool: BatchPool,
  patience: Patience,
): Promise<BatchPeerTimed | BatchPeerFault> {
  const { rule, rows, dims, classes = 0, passes, k, steps } = one;
  const { embeddings, scores, logits, labelled } = pool;
  const alone = aloneOf(one);
  const given = [
    ...(logits.length > 0 ? [{ array: logits, shape: [...(passes ? [passes] : []), rows, classes] }] : []),
    ...(dims > 0 ? [{ array: embeddings, shape: [rows, dims] }] : []),
    ...(alone || classes
      ? []
      : [
          { array: scores, shape: [rows] },
          { array: labelled, shape: [labelled.length] },
        ]),
    ...(alone?.given?.(one, pool) ?? []),
  ];
  const arrays = given.map(({ array, shape }) => ({
    shape,
    type: array instanceof Float32Array ? "float32" : "int32",
  }));
  const bytes = given.map(({ array }) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  try {
    const request = JSON.stringify({ rule, peer, k, steps, patience, arrays });
    const { seconds, threads, answer } = JSON.parse(await python(interpreter, script, [request], bytes));
    return { peer, scaled, runs: seconds.length, warm: spreadOf(seconds), threads, answer };
  } catch (error) {
    // The last line of a traceback says what happened; the others say where, in somebody's folders.
    return { peer, fault: (error as Error).message.trim().split("\n").at(-1) as string };
  }
}
