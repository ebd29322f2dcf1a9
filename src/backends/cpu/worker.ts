/** A worker of the crew, in Node and in a page. Its code comes with it: nothing is fetched. */

/** Calls that may be under way at a time. */
export const CALLS = 512;

/**
 * Words at the start of the memory: how many calls have been posted and how many of them taken, how many workers have begun, a queue of which, [CALLS],
 * and the calls themselves, [CALLS, 4]: two arguments, how it stands, and the number of the kernel.
 */
export const boardWords = { posted: 0, taken: 1, begun: 2, queue: 4, calls: 4 + CALLS } as const;
export const BOARD_WORDS = boardWords.calls + 4 * CALLS;
/** What can be called, by numbers. A kernel is given the two arguments and the number of the thread. */
export const kernels = ["score", "lower", "order", "nearestTwo", "closeness", "neighbours", "descend"] as const;
export type KernelName = (typeof kernels)[number];
export const states = { waiting: 0, done: 1, failed: 2 } as const;

export interface WorkerHandle {
  stop(): Promise<unknown>;
}

/** What a worker needs to take part. */
interface Part {
  readonly modules: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
  /** Its number: this thread is 0. */
  readonly thread: number;
}

/** Takes calls for ever. Plain JavaScript: it runs as it stands here, in a context of its own. */
const code = `
const work = ({ modules, memory, thread }) => {
  const all = modules.map((module) => new WebAssembly.Instance(module, { env: { memory } }).exports);
  const exported = Object.assign({}, ...all);
  const kernels = ${JSON.stringify(kernels)}.map((name) => exported[name]);
  const board = new Int32Array(memory.buffer, 0, ${BOARD_WORDS});
  Atomics.add(board, ${boardWords.begun}, 1);
  for (;;) {
    // In this order: read later, what has been taken may be past what had been posted.
    const taken = Atomics.load(board, ${boardWords.taken});
    const posted = Atomics.load(board, ${boardWords.posted});
    if (taken === posted) {
      Atomics.wait(board, ${boardWords.posted}, posted);
      continue;
    }
    const at = ${boardWords.calls} + 4 * board[${boardWords.queue} + (taken & ${CALLS - 1})];
    if (Atomics.compareExchange(board, ${boardWords.taken}, taken, taken + 1) !== taken) continue;
    let state = ${states.done};
    try {
      kernels[board[at + 3]](board[at], board[at + 1], thread);
    } catch {
      state = ${states.failed};
    }
    Atomics.store(board, at + 2, state);
  }
};
if (typeof WorkerGlobalScope === "undefined") work(require("node:worker_threads").workerData);
else onmessage = ({ data }) => work(data);
`;

/** Starts a worker; `onEnd` hears of one that ends by itself. */
export function startWorker(part: Part, onEnd: (error: Error) => void): WorkerHandle {
  let isStopped = false;
  const ended = (why: string): void => {
    if (!isStopped) onEnd(new Error(`a worker of the cpu backend ended: ${why}: try again, or with threads 1`));
  };
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads) {
    const worker = new threads.Worker(code, { eval: true, workerData: part });
    worker.on("error", (error) => ended(error.message));
    worker.on("exit", (exitCode) => ended(`exit code ${exitCode}`));
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
  worker.addEventListener("error", (event) => {
    event.preventDefault(); // else the page hears of it too
    ended(event.message);
  });
  worker.postMessage(part, []);
  return {
    async stop() {
      isStopped = true;
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
