/** Inputs read in a process of their own, of which one that crashes, hangs or takes all memory is told of by its number. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
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

export interface Fuzzer {
  /** Reads inputs [0, count) of a kind. What was wrong comes with the command that does the same again. */
  fuzzed(kind: Kind, count: number): Promise<Told>;
  close(): void;
}

/** One process reads all inputs, and another takes its place where it ends. */
export function openFuzzer(): Fuzzer {
  const folder = mkdtempSync(join(tmpdir(), "poolwise-fuzz-"));
  const [progress, scratch] = [join(folder, "progress"), join(folder, "scratch")];
  let reader: ChildProcess | undefined;

  const start = async (): Promise<ChildProcess> => {
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch);
    writeFileSync(progress, Buffer.alloc(4));
    const child = fork(join(import.meta.dirname, "worker.ts"), [scratch, progress], {
      execArgv: [...fromSource, `--max-old-space-size=${MOST_HEAP_MB}`],
      // Temporary files of rows that are read once belong to what is looked at.
      env: { ...process.env, TMPDIR: scratch },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    await once(child, "message");
    return child;
  };

  /** What became of the inputs, or how the process ended over one. */
  const readInputs = async (order: Order): Promise<Told | string> => {
    const child = (reader ??= await start());
    const watch = watched(child, () => readFileSync(progress).readInt32LE());
    try {
      return await new Promise((resolve) => {
        child.once("message", (told: Told) => resolve(told));
        child.once("exit", (code, signal) => resolve(`ended the process (${signal ?? code})`));
        child.send(order);
      });
    } finally {
      clearInterval(watch);
      child.removeAllListeners();
    }
  };

  return {
    async fuzzed(kind, count) {
      const total = { opened: 0, refused: 0, wrong: [] as string[] };
      for (let from = 0; from < count;) {
        const told = await readInputs({ kind, from, to: count });
        if (typeof told === "string") {
          reader = undefined;
          const input = readFileSync(progress).readInt32LE();
          total.wrong.push(`${kind} ${input}: ${told}`);
          from = input + 1;
          continue;
        }
        total.opened += told.opened;
        total.refused += told.refused;
        total.wrong.push(...told.wrong);
        from = count;
      }
      return { ...total, wrong: total.wrong.map(withCommand) };
    },
    close() {
      reader?.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const withCommand = (line: string): string =>
  `${line}\n  again: npx tsx test/reliability/support/again.ts ${line.split(":", 1)[0]}`;

/** Ends a process that makes no way. */
function watched(child: ChildProcess, at: () => number): NodeJS.Timeout {
  let [last, since] = [-1, performance.now()];
  return setInterval(() => {
    const now = at();
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > HANG_MS) child.kill("SIGKILL");
  }, 500);
}
