/** The k highest scores. */
import type { BatchRule } from "./batch.ts";

export const topK = {
  name: "top-k",
  about: "the k highest scores, whatever they have in common",
  source: "Lewis & Gale 1994",
  select: ({ best, k }) => best(k),
} as const satisfies BatchRule;
