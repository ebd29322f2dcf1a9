/** The bench's side in a page: `chromium.ts` calls `bench`. */
import { rowsTimed, type Case } from "../cases.ts";
import { CpuCeilings } from "../ceilings/cpu.ts";
import { makePool } from "../data.ts";
import type { Patience } from "../measure.ts";
import { referenceOf } from "../reference.ts";
import type { BackendReport } from "../report.ts";
import { openEngine } from "../../src/engine.ts";
import { timeCase } from "../time.ts";

/** Opens the backend, and says what it is. */
async function open(threads: number | null, modules: readonly string[]) {
  const engine = await openEngine({ backend: "cpu", threads: threads ?? undefined });
  const bytes = modules.map((module) => Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0)));
  const ceilings = await CpuCeilings.open(bytes, engine.threads, startWorker);
  subject = { engine, software: false, ceilings: (values) => ceilings.of(values.byteLength) };
  return { threads: engine.threads, isolated: crossOriginIsolated };
}

const startWorker = (): Worker => new Worker(new URL("../ceilings/worker.js", import.meta.url), { type: "module" });

let subject: Parameters<typeof timeCase>[4] | undefined;

/** Makes the pool and its reference as Node does, from the same seeds: to send them would take longer. */
async function time(one: Case, waiting: Patience): Promise<BackendReport> {
  if (!subject) throw new Error("open comes first");
  const made = makePool(one);
  return await timeCase(one, rowsTimed(one, false), made, referenceOf(one, made), subject, waiting);
}

export const bench = { open, time };
Object.assign(globalThis, { bench });
