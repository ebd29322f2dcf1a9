/** The public face: exports only. */
export { openEngine, type Engine, type EngineOptions } from "./engine.ts";
export type { PoolData, PoolModel } from "./poolInput.ts";
export type { ScoreOptions, SelectOptions } from "./options.ts";
export type { Progress, Stage } from "./pace.ts";
export type { InvalidPolicy, Pool, ReadOptions } from "./pool.ts";
export type { Batch, DensityReport, Scores, ScoreSummary, Whereabouts } from "./results.ts";
export type { MemoryBudget, MemoryNeeds } from "./memory.ts";
export type { PointStorage } from "./vectors.ts";
export type { Pick } from "./batches/batch.ts";
export type { GradientLayers, Timings } from "./backends/backend.ts";
export type { Metric } from "./distance.ts";
export type { DirectRows, Features, Members, Origin, PackedRows, Predictions, RowSource } from "./matrix.ts";
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
export { principalDirections, type PrincipalDirections, type PrincipalOptions } from "./models/principalDirections.ts";
export { fitTemperature, type Calibration, type Fit } from "./remedies/calibration.ts";
export { activeLearning } from "./loop/activeLearning.ts";
export type { LoopTimings, Round } from "./loop/round.ts";
export type { LoopOptions, Validation } from "./loop/options.ts";
export type { LoopPick, Picker, PickerContext } from "./loop/pick.ts";
export { answersIn, memoryJournal, type Journal } from "./loop/journal.ts";
export { agreementOf, quality, type MetricName, type Metrics } from "./loop/metrics.ts";
export {
  beliefs,
  committeeModel,
  logisticModel,
  mlpModel,
  type Fitted,
  type Labelled,
  type Model,
  type Predict,
} from "./loop/model.ts";
export type { Answer, Answers, Oracle, Question } from "./loop/oracle.ts";
export { expectedErrorReduction, type ReductionOptions } from "./loop/expectedErrorReduction.ts";
export { expectedError, lookaheadCorrelation, type ExpectedErrorOptions } from "./models/expectedError.ts";
export { streamSampler, type StreamDecision, type StreamOptions, type StreamSampler } from "./loop/stream.ts";
export { synthesiseQueries, type SynthesisOptions } from "./loop/synthesis.ts";
export * as stopWhen from "./loop/stopping.ts";
export type { LoopState, StopRule } from "./loop/stopping.ts";
export { DeviceLostError, InputError } from "./errors.ts";
