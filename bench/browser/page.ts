/** The bench's side in a page: `chromium.ts` calls `bench`. */
import { rowsTimed, type Case } from "../../src/bench/cases.ts";
import { CpuCeilings } from "../../src/bench/ceilings/cpu.ts";
import { cpuTransfers } from "../../src/bench/ceilings/cpuTransfers.ts";
import { ceilingsOf } from "../../src/bench/ceilings/all.ts";
import { makePool } from "../../src/bench/data.ts";
import type { Patience } from "../../src/bench/measure.ts";
import { referenceOf } from "../../src/bench/reference.ts";
import type { BackendReport } from "../../src/bench/report.ts";
import { openEngine } from "../../src/engine.ts";
import { timeCase } from "../../src/bench/time.ts";

/** Opens the backend, and says what it is. */
async function open(threads: number | null) {
  const engine = await openEngine({ backend: "cpu", threads: threads ?? undefined });
  const opened = await CpuCeilings.open(engine.threads);
  subject = {
    engine,
    software: false,
    ceilings: (values) => opened.of(values.byteLength),
    transfers: () => cpuTransfers(engine.threads),
  };
  return { threads: engine.threads, isolated: crossOriginIsolated };
}

let subject: (Parameters<typeof timeCase>[4] & Parameters<typeof ceilingsOf>[0]) | undefined;

/** Makes the pool and its reference as Node does, from the same seeds: to send them would take longer. */
async function time(one: Case, waiting: Patience): Promise<BackendReport> {
  if (!subject) throw new Error("open comes first");
  const made = makePool(one);
  return await timeCase(one, rowsTimed(one, false), made, referenceOf(one, made), subject, waiting);
}

async function ceilings(): ReturnType<typeof ceilingsOf> {
  if (!subject) throw new Error("open comes first");
  return ceilingsOf(subject);
}

export const bench = { open, time, ceilings };
Object.assign(globalThis, { bench });
