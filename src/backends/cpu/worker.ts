/** A worker of the crew, in Node and in a page. Its code comes with it: nothing is fetched. */
import { compile, scoreModule } from "./simdModule.ts";

export interface WorkerHandle {
  stop(): Promise<unknown>;
}

/** What a worker needs to take part. */
interface Part {
  readonly memory: WebAssembly.Memory;
  /** Its number: this thread is 0. */
  readonly thread: number;
}

/**
 * Takes calls out of the ring of crew.ts, whose words are numbered there, for ever. Plain JavaScript: it runs as it stands
 * here, in a context of its own.
 */
const code = `
const work = ({ module, memory, thread }) => {
  const { score } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  const ring = new Int32Array(memory.buffer, 0, 4 + 512 * 4);
  for (;;) {
    const posted = Atomics.load(ring, 0);
    const taken = Atomics.load(ring, 1);
    if (taken === posted) {
      Atomics.wait(ring, 0, posted);
      continue;
    }
    if (Atomics.compareExchange(ring, 1, taken, taken + 1) !== taken) continue;
    const at = 4 + (taken % 512) * 4;
    let state = 1;
    try {
      score(ring[at], ring[at + 1], thread);
    } catch {
      state = 2;
    }
    Atomics.store(ring, at + 2, state);
  }
};
if (typeof WorkerGlobalScope === "undefined") work(require("node:worker_threads").workerData);
else onmessage = ({ data }) => work(data);
`;

/** Starts a worker; `onEnd` hears of one that ends by itself. */
export async function startWorker(part: Part, onEnd: (error: Error) => void): Promise<WorkerHandle> {
  const data = { ...part, module: await compile(scoreModule()) };
  const ended = (why: string): void => onEnd(new Error(`a worker of the cpu backend ended: ${why}`));
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads) {
    const worker = new threads.Worker(code, { eval: true, workerData: data });
    let isStopped = false;
    worker.on("error", (error) => ended(error.message));
    worker.on("exit", (exitCode) => isStopped || ended(`exit code ${exitCode}`));
    worker.unref();
    return {
      stop() {
        isStopped = true;
        return worker.terminate();
      },
    };
  }
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.addEventListener("error", ({ message }) => ended(message));
  worker.postMessage(data, []);
  return {
    async stop() {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
