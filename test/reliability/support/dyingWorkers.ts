/** Workers of which the first dies at a moment of a test's choice. */
import workerThreads from "node:worker_threads";
import { onTestFinished } from "vitest";

export const deaths = {
  "by an error that nobody catches": 'throw new Error("nobody foresaw this")',
  "by process.exit": "process.exit(3)",
} as const;

/**
 * Of the workers that start from now on the first dies at its `at`th look at the board: before it has begun, while it waits,
 * with a call that it has taken, or with one that it has made and not yet told of.
 */
export function dyingWorker(at: number, death: keyof typeof deaths): { readonly hasDied: boolean; restore(): void } {
  const { Worker } = workerThreads;
  let isFirst = true;
  let hasDied = false;
  const dying = `{
    let looks = 0;
    for (const name of ["add", "load", "wait", "compareExchange", "store"]) {
      const real = Atomics[name];
      Atomics[name] = (...given) => {
        if (looks++ === ${at}) ${deaths[death]};
        return real(...given);
      };
    }
  }`;
  workerThreads.Worker = class extends Worker {
    constructor(code: string | URL, options: workerThreads.WorkerOptions) {
      super(isFirst ? `${dying}\n${String(code)}` : code, options);
      if (isFirst) this.once("exit", (status) => (hasDied = status !== 0));
      isFirst = false;
    }
  };
  const restore = (): void => void (workerThreads.Worker = Worker);
  onTestFinished(restore);
  return {
    get hasDied() {
      return hasDied;
    },
    restore,
  };
}
