/** The strategies there are. One line adds one: everything else finds it here. */
export { leastConfidence } from "./leastConfidence.ts";
export { margin } from "./margin.ts";
export { entropy } from "./entropy.ts";
export { random } from "./random.ts";
