/** Tests of reliability come in two lengths: seconds in `npm test`, and as long as it takes in `npm run soak`. */

export const isSoak = process.env.POOLWISE_SOAK === "1";

export const short = (shortCount: number, longCount: number): number => (isSoak ? longCount : shortCount);
