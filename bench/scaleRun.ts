/**
 * One size of `bench/scale.ts` in a process of its own, for the peak of a process never falls: prints JSON.
 * `node --import tsx bench/scaleRun.ts ROWS BACKEND [FILE]`: rows are made as they are asked for, or lie in a .npy file.
 */
import { PLANTED, sourceOf } from "./scaleRows.ts";
import { openSubject, type BackendName } from "./backends.ts";
import { openNpy } from "../src/node.ts";

const [given, backend, file] = process.argv.slice(2);
const rows = Number(given);
const subject = await openSubject(backend as BackendName);
if (typeof subject === "string") throw new Error(subject);
const opened = file === undefined ? undefined : await openNpy(file);
try {
  // The compiler's work is no part of what a row costs.
  using first = await subject.engine.load({ logits: sourceOf(200_000) });
  await first.select("top-k", { k: PLANTED, strategy: "entropy" });
  using pool = await subject.engine.load({ logits: opened?.source() ?? sourceOf(rows) });
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const { picks, timings } = await pool.select("top-k", { k: PLANTED, strategy: "entropy" });
  const seconds = (performance.now() - began) / 1000;
  // Rows that were planted as the most uncertain of all, and alike.
  const isRight = picks.length === PLANTED && picks.every(({ row }, i) => row === Math.floor((i * rows) / PLANTED));
  const peak = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ isRight, seconds, timings, peak, before, software: subject.software }));
} finally {
  await opened?.close();
  await subject.close();
}
