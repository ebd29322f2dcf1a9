/** The same batches in Python on the same data in the same run, where this machine has what they need. */
import { join } from "node:path";
import { spreadOf, type Patience, type Spread } from "../../src/bench/measure.ts";
import { interpreters, python } from "../peers.ts";
import type { BatchAnswer } from "./checks.ts";
import type { BatchCase } from "./cases.ts";
import type { BatchPool } from "./data.ts";

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
    about: "BADGE on factorised gradients; BatchBALD over all rows at every pick",
    rules: ["badge", "batchbald"],
    libraries: ["numpy"],
  },
  { peer: "torch", about: "the same BatchBALD in PyTorch", rules: ["batchbald"], libraries: ["torch", "numpy"] },
];

export interface BatchPeer extends Kind {
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
  /** Of a first run, which was not timed; a peer that is timed on a sample has none. */
  readonly answer: BatchAnswer | null;
}

export interface BatchPeerFault {
  readonly peer: string;
  readonly fault: string;
}

/** Those there are here, and why the others are not. */
export async function findPeers(): Promise<{ peers: BatchPeer[]; missing: string[] }> {
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
  return { peers, missing };
}

async function versionsOf(interpreter: string): Promise<{ [name: string]: string }> {
  try {
    return JSON.parse(await python(interpreter, script, [], []));
  } catch {
    return {};
  }
}

/** Times a peer; whether it is right is for others to say. */
export async function timePeer(
  { peer, interpreter, scaled = false }: BatchPeer,
  { rule, rows, dims, classes, passes, k }: BatchCase,
  { embeddings, scores, logits, labelled }: BatchPool,
  patience: Patience,
): Promise<BatchPeerTimed | BatchPeerFault> {
  const given = [
    ...(classes ? [{ array: logits, shape: [...(passes ? [passes] : []), rows, classes] }] : []),
    ...(dims > 0 ? [{ array: embeddings, shape: [rows, dims] }] : []),
    ...(classes
      ? []
      : [
          { array: scores, shape: [rows] },
          { array: labelled, shape: [labelled.length] },
        ]),
  ];
  const arrays = given.map(({ array, shape }) => ({
    shape,
    type: array instanceof Float32Array ? "float32" : "int32",
  }));
  const bytes = given.map(({ array }) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  try {
    const request = JSON.stringify({ rule, peer, k, patience, arrays });
    const { seconds, threads, answer } = JSON.parse(await python(interpreter, script, [request], bytes));
    return { peer, scaled, runs: seconds.length, warm: spreadOf(seconds), threads, answer };
  } catch (error) {
    // The last line of a traceback says what happened; the others say where, in somebody's folders.
    return { peer, fault: (error as Error).message.trim().split("\n").at(-1) as string };
  }
}
