/** A thread that calls what a WebAssembly module exports, in Node and in a page. Its code comes with it: nothing is fetched. */

export interface Thread {
  readonly port: MessagePort;
  close(): Promise<unknown>;
}

/** Plain JavaScript: it runs as it stands here, in a context of its own. */
const code = `
const begin = ({ module, port }) => {
  const { exports } = new WebAssembly.Instance(module);
  port.onmessage = ({ data: [name, ...args] }) => port.postMessage(exports[name](...args));
};
if (typeof WorkerGlobalScope === "undefined") begin(require("node:worker_threads").workerData);
else onmessage = ({ data }) => begin(data);
`;

/** A message of a name and its arguments is answered with what the module's function of that name gives. */
export function startThread(module: WebAssembly.Module): Thread {
  const { port1: port, port2 } = new MessageChannel();
  port.start();
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads) {
    const workerData = { module, port: port2 };
    const transferList = [port2 as unknown as import("node:worker_threads").MessagePort];
    const worker = new threads.Worker(code, { eval: true, workerData, transferList });
    return {
      port,
      close() {
        port.close();
        return worker.terminate();
      },
    };
  }
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage({ module, port: port2 }, [port2]);
  return {
    port,
    async close() {
      port.close();
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
