/** The four ways in which active learning fails each have a remedy, which is a switch. */
import type { BatchName, LoopOptions } from "poolwise";
import { goesByBeliefs, goesByScores } from "./menus.ts";

interface Remedy {
  readonly label: string;
  readonly about: string;
  /** What the loop is asked for. */
  readonly options: Partial<LoopOptions>;
  /** Why it would change nothing with that rule; undefined where it does something. */
  readonly idle?: (batch: BatchName) => string | undefined;
}

export const remedies = {
  temperature: {
    label: "Temperature",
    about: "Three labels in ten are kept from training, to find out how sure the model may be.",
    options: { calibrate: 0.3 },
    idle: (batch) => (goesByBeliefs(batch) ? undefined : `${batch} does not ask how sure the model is.`),
  },
  epsilon: {
    label: "ε-greedy",
    about: "One pick in five (ε = 0.2) is drawn by lot among all rows, so that nothing stays unseen.",
    options: { epsilon: 0.2 },
  },
  density: {
    label: "Density",
    about: "A score counts for more where many rows are near (density²), so that outliers are left alone.",
    options: { density: 2 },
    idle: (batch) => (goesByScores(batch) ? undefined : `${batch} has no scores to weigh.`),
  },
  coldStart: {
    label: "Diverse start",
    about: "The first rows are the middles of clusters (k-means) instead of rows drawn by lot.",
    options: { start: { by: "kmeans" } },
  },
} as const satisfies Record<string, Remedy>;

export type RemedyName = keyof typeof remedies;
export const remedyNames = Object.keys(remedies) as RemedyName[];
export const remedyOf = (name: RemedyName): Remedy => remedies[name];

interface Asked {
  readonly batch: BatchName;
  readonly remedies: readonly RemedyName[];
}

/** Those that are switched on and do something. */
export const atWork = ({ batch, remedies: on }: Asked): readonly RemedyName[] =>
  on.filter((name) => remedyOf(name).idle?.(batch) === undefined);
