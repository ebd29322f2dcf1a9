/** The batch rules there are. One line adds one. */
export { topK } from "./topK.ts";
export { clusterMargin } from "./clusterMargin.ts";
export { kMeans } from "./kMeans.ts";
export { kCenter } from "./kCenter.ts";
export { badge } from "./badge.ts";
export { batchBald } from "./batchBald.ts";
export { hybrid } from "./hybrid.ts";
export { power } from "./power.ts";
export { ranked } from "./ranked.ts";
export { typiClust } from "./typiClust.ts";
