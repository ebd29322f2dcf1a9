/** What a race is run with. The same settings are the same race. */
import type { BatchName, StrategyName } from "poolwise";
import { batchesFor, strategiesFor } from "./menus.ts";
import type { ModelName } from "./models.ts";
import type { RemedyName } from "./remedies.ts";
import type { WorldSettings } from "./world.ts";

export interface Settings extends WorldSettings {
  /** Of both learners. */
  readonly model: ModelName;
  /** Of the learner that does not ask at random, as all that follows but `k`, `first` and `budget`. */
  readonly strategy: StrategyName;
  readonly batch: BatchName;
  readonly remedies: readonly RemedyName[];
  /** Rows a round. */
  readonly k: number;
  /** Rows of the first round. */
  readonly first: number;
  /** Labels at which the race ends. */
  readonly budget: number;
}

/** Of what shows settings and lets them be changed. */
export interface SettingsProps {
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

/** What worlds are made from. */
export const plain: Settings = {
  seed: 1,
  rows: 2000,
  blobs: 4,
  overlap: 0.5,
  noise: 0,
  outliers: 0,
  imbalance: 1,
  model: "logistic",
  strategy: "margin",
  batch: "top-k",
  remedies: [],
  k: 5,
  first: 5,
  budget: 150,
};

/** The same, but for a strategy or rule that the model has nothing for. */
export function fitting(settings: Settings): Settings {
  const { model, strategy, batch } = settings;
  return {
    ...settings,
    strategy: strategiesFor(model).includes(strategy) ? strategy : plain.strategy,
    batch: batchesFor(model).includes(batch) ? batch : plain.batch,
  };
}

export const toggled = ({ remedies, ...settings }: Settings, name: RemedyName): Settings => ({
  ...settings,
  remedies: remedies.includes(name) ? remedies.filter((other) => other !== name) : [...remedies, name],
});

/** Whether two races differ by nothing but remedies and the seed. */
export function isSameWorld(one: Settings, other: Settings): boolean {
  const keys = Object.keys(one) as (keyof Settings)[];
  return keys.every((key) => key === "seed" || key === "remedies" || one[key] === other[key]);
}
