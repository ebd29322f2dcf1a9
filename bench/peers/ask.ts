/** Libraries of npm that poolwise is timed against: which are installed, and what each says of a task. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Patience } from "../../src/bench/measure.ts";
import { packed } from "./message.ts";
import type { Request, Said } from "./task.ts";

const home = join(import.meta.dirname, "..");
const child = join(import.meta.dirname, "libraries/child.ts");
/** Some take minutes to compile on a CPU that plays a GPU; one that takes longer hangs. */
const TIMEOUT_MS = 240_000;
const LONGEST_FAULT = 200;

export interface NodePeer {
  readonly library: string;
  readonly version: string;
  /** What it computes on, and so which of our backends it is beside. */
  readonly on: "cpu" | "webgpu";
}

const kinds: { readonly [library: string]: { readonly on: NodePeer["on"]; readonly packaged: string } } = {
  "tfjs-wasm": { on: "cpu", packaged: "@tensorflow/tfjs-backend-wasm" },
  "tfjs-webgpu": { on: "webgpu", packaged: "@tensorflow/tfjs-backend-webgpu" },
  "jax-js-wasm": { on: "cpu", packaged: "@jax-js/jax" },
  "jax-js-webgpu": { on: "webgpu", packaged: "@jax-js/jax" },
  "onnxruntime-web": { on: "cpu", packaged: "onnxruntime-web" },
  "ml-kmeans": { on: "cpu", packaged: "ml-kmeans" },
};

export const nodeLibraries: readonly string[] = Object.keys(kinds);

/** Those that are installed. */
export function findNodePeers(): NodePeer[] {
  return Object.entries(kinds).flatMap(([library, { on, packaged }]) => {
    const manifest = join(home, "node_modules", packaged, "package.json");
    if (!existsSync(manifest)) return [];
    return [{ library, on, version: JSON.parse(readFileSync(manifest, "utf8")).version }];
  });
}

/** On a CPU that plays a GPU, which proves no speed, few runs are enough. */
export const hurried = (patience: Patience): Patience => ({ ...patience, longest: Math.min(patience.longest, 5) });

/** A process of its own for each: a fair memory, and one that crashes or hangs takes nothing with it. */
export async function ask(request: Request, program = child): Promise<Said> {
  const { text, arrays } = packed(request);
  const options = { timeout: TIMEOUT_MS, killSignal: "SIGKILL", maxBuffer: 1 << 28, cwd: home } as const;
  const running = promisify(execFile)(process.execPath, ["--import", "tsx", program, text], options);
  const input = running.child.stdin;
  input?.on("error", () => {}); // it ended early, and its exit says so
  for (const array of arrays) input?.write(array);
  input?.end();
  try {
    return JSON.parse((await running).stdout.trim().split("\n").at(-1)!);
  } catch (error) {
    return { fault: reasonOf(error as Ended) };
  }
}

interface Ended {
  readonly killed?: boolean;
  readonly signal?: string;
  readonly stderr?: string;
  readonly message: string;
}

function reasonOf({ killed, signal, stderr, message }: Ended): string {
  if (killed) return `no answer within ${TIMEOUT_MS / 1000} s`;
  if (signal) return `it ended by ${signal}`;
  return (stderr?.trim() || message).split("\n").at(-1)!.slice(0, LONGEST_FAULT);
}
