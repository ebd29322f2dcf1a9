/** A world to begin with, and one for each of the four failures, where the strategy loses until its remedy is on. */
import type { RemedyName } from "./remedies.ts";
import { plain, type Settings } from "./settings.ts";

interface Preset {
  readonly title: string;
  /** What goes wrong, and how the remedy mends it. */
  readonly about: string;
  readonly remedy: RemedyName;
  readonly settings: Settings;
}

/** Classes of which some are rare: margins find their borders, and distances the classes. */
export const opening: Settings = { ...plain, blobs: 6, imbalance: 10, batch: "hybrid", first: 10 };

export const presets = {
  miscalibrated: {
    title: "Unsure of everything",
    about:
      "This model is so cautious that all rows look alike to it: by entropy it asks about the middle of everything, where it learns nothing of the borders. A temperature that is fitted to labels kept aside makes it as sure as it is right, and its questions move to the borders.",
    remedy: "temperature",
    settings: { ...plain, blobs: 5, overlap: 0.4, model: "cautious", strategy: "entropy", first: 30 },
  },
  stuck: {
    title: "Stuck",
    about:
      "The smallest class is not among the first rows, and the model takes it for one that it knows. It is sure of that, so it never asks there. One pick in five drawn by lot finds the class, and from then on the strategy works on its border.",
    remedy: "epsilon",
    settings: { ...plain, blobs: 3, overlap: 0.35, imbalance: 10, first: 4 },
  },
  outliers: {
    title: "Outliers",
    about:
      "One row in twenty lies far out and has any label. Expected gradient length goes for such rows first, as they would change the model most, and they spoil it. Weighed by density, they are left alone.",
    remedy: "density",
    settings: { ...plain, blobs: 3, outliers: 0.05, strategy: "egl", first: 6, budget: 106 },
  },
  coldStart: {
    title: "Cold start",
    about:
      "Eight rows drawn by lot miss some of the eight classes, and it takes many questions until the last is found. Eight that lie apart, the middles of clusters, have nearly all of them at once.",
    remedy: "coldStart",
    settings: { ...plain, blobs: 8, overlap: 0.35, imbalance: 5, first: 8, k: 4, budget: 60 },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];
