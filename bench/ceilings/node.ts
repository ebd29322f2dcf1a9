/** The ceilings of the CPU backend in Node: see cpu.ts. */
import { Worker } from "node:worker_threads";
import { CpuCeilings } from "./cpu.ts";
import { compileCeilings } from "./module.ts";

const worker = new URL("worker.js", import.meta.url);

export async function nodeCeilings(threads: number): Promise<CpuCeilings> {
  // Plain JavaScript: the loader that the bench itself runs under is of no use to it.
  return CpuCeilings.open(await compileCeilings(), threads, () => new Worker(worker, { execArgv: [] }));
}
