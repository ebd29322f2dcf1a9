/** The strategies there are. One line adds one: everything else finds it here. */
export { leastConfidence } from "./leastConfidence.ts";
export { margin } from "./margin.ts";
export { entropy } from "./entropy.ts";
export { voteEntropy } from "./voteEntropy.ts";
export { consensusEntropy } from "./consensusEntropy.ts";
export { klDivergence } from "./klDivergence.ts";
export { maxKl } from "./maxKl.ts";
export { variationRatio } from "./variationRatio.ts";
export { meanStd } from "./meanStd.ts";
export { bald } from "./bald.ts";
export { egl } from "./egl.ts";
export { random } from "./random.ts";
