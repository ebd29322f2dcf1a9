/** NumPy and PyTorch on the same data in the same run, where this machine has them: peers.py does the work. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Case } from "./cases.ts";
import type { Made } from "./data.ts";
import { patience, spreadOf, type Spread } from "./measure.ts";

const script = join(import.meta.dirname, "peers.py");
const interpreters = ["python3", "/usr/bin/python3"];
const TIMEOUT_MS = 600_000;

/** Libraries to be timed against, as their columns come. */
export const libraries = ["numpy", "torch"] as const;
export type Library = (typeof libraries)[number];

export interface Peer {
  readonly library: Library;
  readonly version: string;
  readonly python: string;
  readonly interpreter: string;
  /** Those whose work it knows. */
  readonly strategies: readonly string[];
}

export interface PeerMeasured {
  readonly runs: number;
  /** Seconds. */
  readonly warm: Spread;
  /** That it was told to use; null where it cannot be told. */
  readonly threads: number | null;
}

export interface PeerFault {
  readonly fault: string;
}

/** The newest of each library among the interpreters: a machine's own Python often has other versions than the user's. */
export async function findPeers(): Promise<Peer[]> {
  const found = (await Promise.all(interpreters.map(peersOf))).flat();
  return libraries.flatMap((library) => {
    const versions = found.filter((peer) => peer.library === library);
    versions.sort((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
    return versions.slice(0, 1);
  });
}

async function peersOf(interpreter: string): Promise<Peer[]> {
  try {
    const { python: version, strategies, ...found } = JSON.parse(await python(interpreter, [], []));
    // torch alone could not be handed its data.
    if (!found.numpy) return [];
    return libraries
      .filter((library) => found[library])
      .map((library) => ({ library, version: found[library], python: version, interpreter, strategies }));
  } catch {
    return [];
  }
}

/** Times a peer on a case; `expected` is what its answer must be near. Undefined where it has no such work. */
export async function measurePeer(
  { library, interpreter, strategies }: Peer,
  { strategy, k }: Case,
  { values, head, input }: Made,
  expected: Float32Array,
): Promise<PeerMeasured | PeerFault | undefined> {
  if (strategy !== undefined && !strategies.includes(strategy)) return undefined;
  const { rows, cols } = input.source;
  const arrays: [Float32Array, number[]][] = [
    [values, cols === 1 ? [rows] : [rows, cols]],
    ...(head?.layers ?? []).flatMap(({ weight, bias, inputs, outputs }): [Float32Array, number[]][] => [
      [weight, [outputs, inputs]],
      [bias, [outputs]],
    ]),
    [expected, [expected.length]],
  ];
  const request = { library, strategy, k, patience, shapes: arrays.map(([, shape]) => shape) };
  try {
    const given = arrays.map(([array]) => array);
    const { seconds, threads, fault } = JSON.parse(await python(interpreter, [JSON.stringify(request)], given));
    if (fault) return { fault };
    return { runs: seconds.length, warm: spreadOf(seconds), threads };
  } catch (error) {
    // The last line of a traceback says what happened; the others say where, in somebody's folders.
    return { fault: (error as Error).message.trim().split("\n").at(-1) as string };
  }
}

/** What peers.py prints when it is given the arrays on standard input: nothing is written to disk, nothing left behind. */
async function python(interpreter: string, args: string[], arrays: Float32Array[]): Promise<string> {
  const running = promisify(execFile)(interpreter, [script, ...args], { timeout: TIMEOUT_MS });
  const input = running.child.stdin;
  input?.on("error", () => {}); // it ended early, and its exit says so
  for (const array of arrays) input?.write(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  input?.end();
  return (await running).stdout;
}
