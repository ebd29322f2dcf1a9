/** Calls what a WebAssembly module exports, on a thread of its own: in JavaScript, so that Node and a browser load it as it is. */
const inNode = globalThis.process?.getBuiltinModule?.("node:worker_threads");
const starter = inNode ? inNode.parentPort : globalThis;

starter.addEventListener("message", async ({ data: { module, port } }) => {
  const { exports } = await WebAssembly.instantiate(module);
  port.addEventListener("message", ({ data: [name, ...args] }) => port.postMessage(exports[name](...args)));
  port.start();
});
