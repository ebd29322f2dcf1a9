/** Runs of a simulation: each is a file of its own, so that one that is stopped goes on where it was. */
import { fork, type ChildProcess } from "node:child_process";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "../../engine.ts";
import { InputError } from "../../errors.ts";
import { reason } from "../../files/fileBytes.ts";
import { writeFileWhole } from "../../files/index.ts";
import { simulate, type RunKey, type RunResult, type SimulationPlan, type Truth } from "../../loop/simulate.ts";
import type { Order, Outcome } from "./worker.ts";

const nameOf = ({ strategy, batch, seed }: RunKey): string => `${strategy}-${batch}-${seed}.json`;

export interface RunFolder {
  /** What is there. */
  readonly done: readonly RunResult[];
  save(result: RunResult): Promise<void>;
}

/**
 * Opens a folder of runs, or begins one. `about` is what decides what comes out.
 *
 * @throws InputError where the folder holds runs of another simulation
 */
export async function openRuns(path: string, about: object, keys: readonly RunKey[]): Promise<RunFolder> {
  const runs = join(path, "runs");
  const aboutPath = join(path, "simulation.json");
  const text = `${JSON.stringify(about, undefined, 2)}\n`;
  await mkdir(runs, { recursive: true }).catch((error: Error) => {
    throw new InputError(`${path}: could not be made: ${reason(error)}`);
  });
  const before = await readFile(aboutPath, "utf8").catch(() => undefined);
  if (before !== undefined && before !== text)
    throw new InputError(`${path}: holds another simulation (see simulation.json there): choose another --out`);
  if (before === undefined) {
    if ((await readdir(runs)).length > 0)
      throw new InputError(`${path}: holds runs and no simulation.json: choose another --out`);
    await writeFileWhole(aboutPath, (write) => write(text));
  }
  const there = new Set(await readdir(runs));
  const done: RunResult[] = [];
  for (const key of keys) {
    if (!there.has(nameOf(key))) continue;
    const file = join(runs, nameOf(key));
    const run = await readFile(file, "utf8")
      .then((content): unknown => JSON.parse(content))
      .catch(() => undefined);
    if (!isRun(run, key)) throw new InputError(`${file}: is damaged: remove it, and it is run again`);
    done.push(run);
  }
  return {
    done,
    save: (result) => writeFileWhole(join(runs, nameOf(result)), (write) => write(`${JSON.stringify(result)}\n`)),
  };
}

const isObject = (one: unknown): boolean => typeof one === "object" && one !== null;

/** Whether what a file holds is the run that its name says. */
function isRun(content: unknown, { strategy, batch, seed }: RunKey): content is RunResult {
  const { curve, picks, ...own } = Object(content) as Partial<RunResult>;
  return (
    [own.strategy === strategy, own.batch === batch, own.seed === seed].every(Boolean) &&
    [curve, picks].every((list) => Array.isArray(list) && list.every(isObject)) &&
    curve!.length > 0 &&
    curve!.every(({ labels }) => Number.isInteger(labels))
  );
}

/** All runs in the order of their keys: those that are there, and the others once they are run. `tell` hears how many are done. */
export async function runMissing(
  { done, save }: RunFolder,
  {
    engine,
    truth,
    plan,
    keys,
    threads,
    signal,
  }: {
    engine: Engine;
    truth: Truth;
    plan: SimulationPlan;
    keys: readonly RunKey[];
    threads: number;
    signal?: AbortSignal;
  },
  tell: (done: number) => void = () => {},
): Promise<RunResult[]> {
  const results = new Map(done.map((run) => [nameOf(run), run]));
  const missing = keys.filter((key) => !results.has(nameOf(key)));
  await runAll(engine, truth, plan, missing, threads, signal, async (result) => {
    await save(result);
    results.set(nameOf(result), result);
    tell(results.size);
  });
  return keys.map((key) => results.get(nameOf(key))!);
}

/** Runs loops, one after the other on a device, and in as many processes as are asked for without one. */
async function runAll(
  engine: Engine,
  truth: Truth,
  plan: SimulationPlan,
  keys: readonly RunKey[],
  threads: number,
  signal: AbortSignal | undefined,
  tell: (result: RunResult) => Promise<void>,
): Promise<void> {
  if (engine.backend === "webgpu" || threads === 1 || keys.length < 2) {
    for (const key of keys) await tell(await simulate(engine, truth, plan, key, signal));
    return;
  }
  const waiting = [...keys];
  const script = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url),
  );
  const workers = Array.from({ length: Math.min(threads, keys.length) }, () => {
    const worker = fork(script, { serialization: "advanced", stdio: ["ignore", "ignore", "inherit", "ipc"] });
    worker.send({ truth, plan } satisfies Order);
    return worker;
  });
  const stop = (): void => workers.forEach((worker) => worker.kill());
  signal?.addEventListener("abort", stop);
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let key = waiting.shift(); key !== undefined; key = waiting.shift())
          await tell(await outcomeOf(worker, key));
      }),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

function outcomeOf(worker: ChildProcess, key: RunKey): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const stop = (): void => void worker.off("message", heard).off("error", failed).off("exit", gone);
    const heard = (outcome: Outcome): void => {
      stop();
      if ("result" in outcome) resolve(outcome.result);
      else reject(outcome.isInput ? new InputError(outcome.failed) : new Error(outcome.failed));
    };
    const failed = (error: Error): void => (stop(), reject(error));
    const gone = (code: number | null, signal: string | null): void => {
      stop();
      reject(new Error(`a process of simulate ended with ${signal ?? code}`));
    };
    worker.on("message", heard).on("error", failed).on("exit", gone);
    worker.send({ key } satisfies Order);
  });
}
