/** The memory that a case takes, measured beside its time where the case asks for it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Case } from "../src/bench/cases.ts";
import type { Contender } from "../src/bench/run.ts";

export function withMemory(contender: Contender): Contender {
  const { backend, threads } = contender.about;
  return {
    ...contender,
    async time(one, ...given) {
      const result = await contender.time(one, ...given);
      if ("wrong" in result || !one.memory) return result;
      return { ...result, memory: await memoryOf(one, backend, threads) };
    },
  };
}

async function memoryOf(one: Case, backend: string, threads: number): Promise<number> {
  const args = ["--import", "tsx", join(import.meta.dirname, "memory.ts"), JSON.stringify(one), backend];
  const command = [...args, String(threads)];
  return Number((await promisify(execFile)(process.execPath, command, { cwd: import.meta.dirname })).stdout);
}
