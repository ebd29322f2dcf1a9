/**
 * How much memory a case takes beyond its rows, in a process of its own, for the peak of a process never falls:
 * `node --import tsx bench/memory.ts CASE BACKEND THREADS` prints bytes. Its peak over what there is once the pool is loaded.
 */
import { openSubject, type BackendName } from "../src/bench/backends.ts";
import type { Case } from "../src/bench/cases.ts";
import { dataOf, makePool } from "../src/bench/data.ts";
import { dropoutOf } from "../src/bench/reference.ts";

const [given, backend, threads] = process.argv.slice(2);
const one = JSON.parse(given) as Case;
const made = makePool(one);
const subject = await openSubject(backend as BackendName, Number(threads));
if (typeof subject === "string") throw new Error(subject);
try {
  const pool = await subject.engine.load(dataOf(made, one.rows));
  const before = process.memoryUsage().rss;
  await pool.score(one.strategies, dropoutOf(one));
  const peak = process.resourceUsage().maxRSS * 1024;
  // A CPU that plays a GPU keeps the device's copy of the rows in the same memory.
  console.log(peak - before - (subject.software ? made.values.byteLength : 0));
} finally {
  await subject.close();
}
