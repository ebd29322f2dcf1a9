/** What the two learners may be: the library's own models, all trained on the CPU, so that any browser trains the same. */
import { committeeModel, logisticModel, mlpModel, type Model } from "poolwise";

interface ModelEntry {
  readonly about: string;
  readonly model: Model;
  /** How strategies that compare passes get them: from a committee's members, or from dropout, so many passes. */
  readonly passes?: "members" | number;
  /** Whether it is one head, whose gradients `egl` can take. */
  readonly isHead: boolean;
}

export const models = {
  logistic: {
    about: "a logistic regression: straight borders between classes",
    model: logisticModel(),
    isHead: true,
  },
  cautious: {
    about: "a logistic regression with a heavy penalty: it is hardly ever sure",
    model: logisticModel({ C: 0.03 }),
    isHead: true,
  },
  network: {
    about: "a network with a hidden layer of 16 and dropout: curved borders",
    model: mlpModel({ hidden: [16], learningRate: 0.02, epochs: 100, dropout: 0.2 }),
    passes: 20,
    isHead: true,
  },
  committee: {
    about: "five logistic regressions, each on a resample of the labels",
    model: committeeModel(),
    passes: "members",
    isHead: false,
  },
} as const satisfies Record<string, ModelEntry>;

export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as ModelName[];

export const modelOf = (name: ModelName): ModelEntry => models[name];
