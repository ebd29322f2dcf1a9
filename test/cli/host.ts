/**
 * Runs one command line after another in one process and on one device, for tests that have many: a process takes half
 * a second to start, and a software adapter compiles for seconds what one device compiles once.
 *
 * Each is the whole main file, loaded anew, with its own arguments, exit status and output. A message in is a list of
 * arguments, a message out is what `Ran` says, in the same order.
 */
import { setMaxListeners } from "node:events";
import { pathToFileURL } from "node:url";
import { create } from "webgpu";
import type { Ran } from "./commandLine.ts";

const [, , main] = process.argv;

setMaxListeners(0); // every engine listens for errors of the one device
const adapter = await create([]).requestAdapter();
if (adapter) shareDevice(adapter);

let last: Promise<unknown> = Promise.resolve();
process.on("message", (args: string[]) => {
  last = last.then(async () => process.send!(await run(args)));
});

async function run(args: string[]): Promise<Ran> {
  const { argv, stdout, stderr } = process;
  process.argv = [...argv.slice(0, 2), ...args];
  process.exitCode = undefined;
  const streams = [stdout, stderr].map(captured);
  try {
    await import(`${pathToFileURL(main)}?${performance.now()}`);
  } finally {
    process.argv = argv;
    for (const { release } of streams) release();
  }
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, stdout: streams[0].text(), stderr: streams[1].text() };
}

/** Keeps what is written to a stream until it is released. */
function captured(stream: NodeJS.WriteStream): { text(): string; release(): void } {
  const { write } = stream;
  const chunks: Buffer[] = [];
  stream.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
    chunks.push(Buffer.from(chunk as string));
    const callback = rest.at(-1);
    if (typeof callback === "function") callback();
    return true;
  };
  return { text: () => Buffer.concat(chunks).toString(), release: () => void (stream.write = write) };
}

/** Every device asked for is the first one, and closing it does nothing. */
function shareDevice(any: GPUAdapter): void {
  const prototype: GPUAdapter = Object.getPrototypeOf(any);
  const { requestDevice } = prototype;
  let shared: Promise<GPUDevice> | undefined;
  prototype.requestDevice = function (descriptor) {
    return (shared ??= requestDevice.call(this, descriptor).then((device) => {
      Object.getPrototypeOf(device).destroy = () => {};
      return device;
    }));
  };
}
