/** The batch rules there are. One line adds one. */
export { topK } from "./topK.ts";
