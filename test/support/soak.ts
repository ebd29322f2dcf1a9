/** Tests of reliability come in two lengths: seconds in `npm test`, and as long as it takes in `npm run soak`. */

/** A browser loads this file too, and has no process. */
export const isSoak: boolean = globalThis.process?.env?.POOLWISE_SOAK === "1";

/** How many of something this run does. */
export const short = (shortCount: number, longCount: number): number => (isSoak ? longCount : shortCount);
