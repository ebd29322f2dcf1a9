/** The k highest scores. */
import type { BatchRule } from "./batch.ts";

export const topK = {
  name: "top-k",
  about: "the k highest scores, whatever they have in common",
  formula: "the highest s",
  source: "Lewis & Gale 1994",
  needs: ["scores"],
  rowBytes: 0,
  select: async ({ best, options }) => ({ picks: await best(options.k) }),
} as const satisfies BatchRule;
