/** The public face: exports only. */
export { openEngine, type Engine, type EngineOptions, type PoolData } from "./engine.ts";
export type { Progress, ScoreOptions, SelectOptions } from "./options.ts";
export type { Batch, InvalidPolicy, Pool, PoolModel, Scores } from "./pool.ts";
export type { Pick } from "./batches/batch.ts";
export type { GradientLayers, Timings } from "./backends/backend.ts";
export type { Metric } from "./distance.ts";
export type { Features, Members, Predictions, RowSource } from "./matrix.ts";
export type { Activation, Head, Layer } from "./head.ts";
export { strategies, strategyNames, type StrategyName } from "./scores/index.ts";
export { batches, batchNames, type BatchName } from "./batches/index.ts";
export type { Need, Strategy } from "./strategy.ts";
export { fitLogistic, predictLogistic, type LogisticModel, type LogisticOptions } from "./models/logistic.ts";
export { fitMlp, predictMlp, type MlpModel } from "./models/mlp.ts";
export type { MlpOptions } from "./models/mlpPlan.ts";
export {
  fitCommittee,
  predictCommittee,
  type Committee,
  type LogisticCommitteeOptions,
  type MlpCommitteeOptions,
} from "./models/committee.ts";
export { DeviceLostError, InputError } from "./errors.ts";
