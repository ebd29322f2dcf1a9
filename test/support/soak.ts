/** Tests of reliability come in two lengths: seconds in `npm test`, and as long as it takes in `npm run soak`. */

/** A page loads this file too, and has no process: there Vitest tells of the environment. */
const ofPage = (import.meta as { env?: Record<string, unknown> }).env;
export const isSoak: boolean = (globalThis.process?.env?.POOLWISE_SOAK ?? ofPage?.POOLWISE_SOAK) === "1";

/** How many of something this run does. */
export const short = (shortCount: number, longCount: number): number => (isSoak ? longCount : shortCount);

/** Cases whose pipelines a software device is slow to compile: in a page some, where Node has them all in the same run. */
export const someInPages = <T>(cases: readonly T[]): readonly T[] =>
  isSoak || !("document" in globalThis) ? cases : cases.filter((_, i) => i % 4 === 0);
