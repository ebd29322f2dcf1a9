/** The worker threads of this process, as they are started. */
import workerThreads from "node:worker_threads";
import { onTestFinished } from "vitest";

/** All workers that are started in a test from now on. One that has ended is number -1. */
export function startedWorkers(): readonly workerThreads.Worker[] {
  const started: workerThreads.Worker[] = [];
  const { Worker } = workerThreads;
  workerThreads.Worker = class extends Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given);
      started.push(this);
    }
  };
  onTestFinished(() => void (workerThreads.Worker = Worker));
  return started;
}

export const alive = (workers: readonly workerThreads.Worker[]): number =>
  workers.filter(({ threadId }) => threadId !== -1).length;
