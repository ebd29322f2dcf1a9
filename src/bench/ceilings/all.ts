/** All that a backend does at its best. */
import type { Subject } from "../backends.ts";
import type { Ceilings, Transfers } from "../floor.ts";

/** Values that reading is measured over: more than a cache holds. */
const READ = 2 ** 24;

export async function ceilingsOf(subject: Pick<Subject, "ceilings" | "transfers">): Promise<Ceilings & Transfers> {
  return { ...(await subject.ceilings(new Float32Array(READ).fill(1))), ...(await subject.transfers()) };
}
