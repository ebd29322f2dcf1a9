/**
 * Other libraries on the same data in the same run, where this machine has them: those of Python, whose work peers.py does,
 * and those of npm, in peers/.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { InputError } from "../src/errors.ts";
import { rowsTimed, type Case } from "../src/bench/cases.ts";
import type { Made } from "../src/bench/data.ts";
import { spreadOf, type Patience } from "../src/bench/measure.ts";
import { dropoutOf, type Reference } from "../src/bench/reference.ts";
import type { BackendAbout, PeerAbout, PeerFault, PeerMeasured, PeerReport } from "../src/bench/report.ts";
import { findNodePeers, nodeLibraries, type NodePeer } from "./peers/ask.ts";
import { timeNodePeer } from "./peers/scores.ts";

const script = join(import.meta.dirname, "peers.py");
export const interpreters = ["python3", "/usr/bin/python3"];
const TIMEOUT_MS = 1_800_000;

/**
 * What is timed against, as the columns come. `autograd` is PyTorch as gradients are written today: a backward pass for
 * each row and label.
 */
export const libraries: readonly string[] = ["numpy", "scipy", "torch", "autograd"];

/** All that may be asked for: scikit-learn does distances and clusters, which batches/peers.ts knows of. */
const known: readonly string[] = [...libraries, "scikit-learn", ...nodeLibraries];

/** Rows that the loop is timed on: all would take it hours. */
const AUTOGRAD_ROWS = 50;

export type Peer = PythonPeer | NodePeer;

export interface PythonPeer extends PeerAbout {
  readonly on: "cpu";
  readonly interpreter: string;
  /** Those whose work it knows. */
  readonly strategies: readonly string[];
}

/** Those of the libraries wanted that can be beside one of the backends, and lines about those that are not there. */
export async function findPeers(
  backends: readonly BackendAbout[],
  wanted: readonly string[] = known,
): Promise<{ peers: Peer[]; missing: string[] }> {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InputError(`unknown peer "${unknown}": known are ${known.join(", ")}`);
  const found = [...(await findPythonPeers()), ...findNodePeers()].filter(({ library }) => wanted.includes(library));
  const absent = (those: readonly string[]): string =>
    those.filter((name) => wanted.includes(name) && !found.some(({ library }) => library === name)).join(", ");
  const [ofPython, ofNpm] = [absent(libraries), absent(nodeLibraries)];
  const missing = [
    ...(ofPython ? [`left out, for no Python here has them: ${ofPython}`] : []),
    ...(ofNpm ? [`left out, for they are not installed (npm ci --prefix bench): ${ofNpm}`] : []),
  ];
  return { peers: found.filter(({ on }) => backends.some(({ backend }) => backend.startsWith(on))), missing };
}

/** The newest of each library among the interpreters: a machine's own Python often has other versions than the user's. */
export async function findPythonPeers(): Promise<PythonPeer[]> {
  const found = (await Promise.all(interpreters.map(peersOf))).flat();
  return libraries.flatMap((library) => {
    const versions = found.filter((peer) => peer.library === library);
    versions.sort((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
    return versions.slice(0, 1);
  });
}

async function peersOf(interpreter: string): Promise<PythonPeer[]> {
  try {
    const { python: version, libraries: found } = JSON.parse(await python(interpreter, script, [], []));
    // torch alone could not be handed its data.
    if (!found.numpy) return [];
    return libraries
      .filter((library) => found[library])
      .map((library) => ({ library, on: "cpu" as const, python: version, interpreter, ...found[library] }));
  } catch {
    return [];
  }
}

interface Given {
  readonly array: Float32Array | Uint32Array;
  readonly shape: readonly number[];
}

/** Those of the peers that have such work, one after the other. */
export async function timePeers(
  peers: readonly Peer[],
  one: Case,
  made: Made,
  reference: Reference,
  patience: Patience,
  backends: readonly BackendAbout[],
): Promise<PeerReport[]> {
  const software = backends.some((each) => each.software);
  const reports: PeerReport[] = [];
  for (const peer of peers) {
    const result =
      "interpreter" in peer
        ? await measurePeer(peer, one, made, reference, patience)
        : await timeNodePeer(peer, one, made, reference, patience, software);
    if (result) reports.push({ library: peer.library, on: peer.on, ...result });
  }
  return reports;
}

/** Times a peer on a case; its answer must be near the reference. Undefined where it has no such work. */
async function measurePeer(
  { library, interpreter, strategies: does }: PythonPeer,
  one: Case,
  made: Made,
  reference: Reference,
  patience: Patience,
): Promise<PeerMeasured | PeerFault | undefined> {
  const { strategies, k } = one;
  if (!strategies.every((name) => does.includes(name))) return undefined;
  if (library === "autograd" && strategies.length === 0) return undefined;
  if (library === "scipy" && (one.kind !== "logits" || one.passes)) return undefined;
  const { rows, data, judged, expected } =
    library === "autograd"
      ? judgedRows(made, reference)
      : one.kind === "features" && one.heavy
        ? firstRows(made, reference, rowsTimed(one, false))
        : wholePool(made, reference);
  const layers = made.head?.layers ?? [];
  const given: Given[] = [
    data,
    ...layers.flatMap(({ weight, bias, inputs, outputs }): Given[] => [
      { array: weight, shape: [outputs, inputs] },
      { array: bias, shape: [outputs] },
    ]),
    { array: judged, shape: [judged.length] },
    { array: expected, shape: k === undefined ? [strategies.length, judged.length] : [k] },
  ];
  const arrays = given.map(({ array, shape }) => ({
    shape,
    type: array instanceof Float32Array ? "float32" : "int32",
  }));
  const request = { library, strategies, k, ...dropoutOf(one), patience, arrays };
  try {
    const bytes = given.map(({ array }) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    const { seconds, threads, fault } = JSON.parse(await python(interpreter, script, [JSON.stringify(request)], bytes));
    if (fault) return { fault };
    return { rows, runs: seconds.length, warm: spreadOf(seconds), threads };
  } catch (error) {
    // The last line of a traceback says what happened; the others say where, in somebody's folders.
    return { fault: (error as Error).message.trim().split("\n").at(-1) as string };
  }
}

interface Task {
  readonly rows: number;
  readonly data: Given;
  readonly judged: Uint32Array;
  readonly expected: Float32Array;
}

function wholePool({ values, input }: Made, { rows: judged, expected }: Reference): Task {
  const { rows, cols, passes = 1 } = input.source;
  const shape = [...(passes > 1 ? [passes] : []), rows, ...(cols > 1 ? [cols] : [])];
  return { rows, data: { array: values, shape }, judged, expected };
}

/** The first rows of features, which are all of one strategy. */
function firstRows({ values, input }: Made, reference: Reference, rows: number): Task {
  const { cols } = input.source;
  const judged = reference.rows.filter((row) => row < rows);
  const data = { array: values.subarray(0, rows * cols), shape: [rows, cols] };
  return { rows, data, judged, expected: reference.expected.subarray(0, judged.length) };
}

/** The first of the rows that are judged, as a pool of their own. */
function judgedRows({ values, input }: Made, reference: Reference): Task {
  const { cols } = input.source;
  const chosen = reference.rows.subarray(0, AUTOGRAD_ROWS);
  const rows = chosen.length;
  const array = new Float32Array(rows * cols);
  chosen.forEach((row, i) => array.set(values.subarray(row * cols, (row + 1) * cols), i * cols));
  const expected = reference.expected.subarray(0, rows);
  return { rows, data: { array, shape: [rows, cols] }, judged: Uint32Array.from(chosen.keys()), expected };
}

/** What a script prints when it is given the arrays on standard input: nothing is written to disk, nothing left behind. */
export async function python(interpreter: string, file: string, args: string[], arrays: Uint8Array[]): Promise<string> {
  const running = promisify(execFile)(interpreter, ["-B", file, ...args], { timeout: TIMEOUT_MS });
  const input = running.child.stdin;
  input?.on("error", () => {}); // it ended early, and its exit says so
  for (const array of arrays) input?.write(array);
  input?.end();
  return (await running).stdout;
}
