/** Inputs read in a process of their own, of which one that crashes, hangs or takes all memory is told of by its number. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromSource } from "../../cli/commandLine.ts";
import type { Kind } from "./subjects.ts";
import type { Order, Told } from "./worker.ts";

/** Of its own objects; arrays are counted. */
const MOST_HEAP_MB = 512;
/** Nothing was heard of the next input for so long: far more than one may take, on a machine that has other work. */
const HANG_MS = 60_000;

/** Reads inputs [0, count) of a kind. What was wrong comes with the command that does the same again. */
export async function fuzzed(kind: Kind, count: number): Promise<Told> {
  const total = { opened: 0, refused: 0, wrong: [] as string[] };
  const folder = mkdtempSync(join(tmpdir(), "poolwise-fuzz-"));
  try {
    for (let from = 0; from < count;) {
      const { told, next } = await readInputs(folder, { kind, from, to: count });
      total.opened += told.opened;
      total.refused += told.refused;
      total.wrong.push(...told.wrong);
      from = next;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    ...total,
    wrong: total.wrong.map(
      (line) => `${line}\n  again: npx tsx test/reliability/support/again.ts ${line.split(":", 1)[0]}`,
    ),
  };
}

/** Up to the end, or the first that ends the process. */
async function readInputs(folder: string, order: Order): Promise<{ told: Told; next: number }> {
  const [progress, scratch] = [join(folder, "progress"), join(folder, "scratch")];
  writeFileSync(progress, Buffer.alloc(4));
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  const child = fork(join(import.meta.dirname, "worker.ts"), [scratch, progress], {
    execArgv: [...fromSource, `--max-old-space-size=${MOST_HEAP_MB}`],
    // Temporary files of rows that are read once belong to what is looked at.
    env: { ...process.env, TMPDIR: scratch },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-2000)));
  const at = (): number => readFileSync(progress).readInt32LE();
  let watch: NodeJS.Timeout | undefined;
  try {
    const told = await new Promise<Told | string>((resolve) => {
      child.on("message", (message: Told | "ready") => {
        if (message !== "ready") return resolve(message);
        // To start takes its own time.
        watch = watched(child, at);
        child.send(order);
      });
      child.on("exit", (code, signal) => resolve(`ended the process (${signal ?? code}): ${complaints}`));
    });
    if (typeof told !== "string") return { told, next: order.to };
    const input = Math.max(order.from, at());
    return { told: { opened: 0, refused: 0, wrong: [`${order.kind} ${input}: ${told}`] }, next: input + 1 };
  } finally {
    clearInterval(watch);
    child.kill("SIGKILL");
  }
}

/** Ends a process that makes no way. */
function watched(child: ChildProcess, at: () => number): NodeJS.Timeout {
  let [last, since] = [-1, performance.now()];
  return setInterval(() => {
    const now = at();
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > HANG_MS) child.kill("SIGKILL");
  }, 500);
}
