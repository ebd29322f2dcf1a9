/** A ceiling is what was reached once: the least seconds of a number of tries, the first of which, slower, is left out. */

const TRIES = 5;
/** What is short is tried for about so long. */
const ENOUGH_MS = 100;

export async function leastSeconds(work: () => Promise<unknown>): Promise<number> {
  await work();
  let least = Infinity;
  const began = performance.now();
  for (let i = 0; i < TRIES || performance.now() - began < ENOUGH_MS; i++) {
    const started = performance.now();
    await work();
    least = Math.min(least, performance.now() - started);
  }
  // A clock that is coarser than the work, as a page's may be, would have it take no time at all.
  return Math.max(least, 1e-4) / 1000;
}
