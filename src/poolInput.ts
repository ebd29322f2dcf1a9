/** The door through which a pool comes in: what it may be loaded from, and by which model it is scored from then on. */
import type { PoolInput } from "./backends/backend.ts";
import { InputError } from "./errors.ts";
import { checkHead, type Head } from "./head.ts";
import { sourceOf, type Features, type Members, type RowSource } from "./matrix.ts";

/**
 * What a pool may be loaded from: one of these, and embeddings beside it or alone. Features without a head have no scores
 * until `pool.use` gives them one. Arrays are read in place: leave them unchanged while in use.
 */
export type PoolData = (
  | { logits: Members }
  | { probabilities: Members }
  | { features: Features | RowSource; head?: Head }
  | { scores: Float32Array | RowSource }
  | { embeddings: Features | RowSource }
) & {
  /** What batch rules measure distances on. Default: the features, where there are any. */
  embeddings?: Features | RowSource;
};

/** What gives the rows of a pool their scores. */
export type PoolModel = { head: Head } | { logits: Members } | { probabilities: Members };

export const NOTHING_TO_LOAD = "load: give one of logits, probabilities, features, scores, or embeddings";

export function inputOf(data: PoolData): PoolInput {
  const embeddings = data.embeddings === undefined ? undefined : sourceOf("embeddings", data.embeddings, "dims");
  const scored = scoredInput(data);
  if (!scored) {
    if (!embeddings) throw new InputError(NOTHING_TO_LOAD);
    return { kind: "embeddings", source: embeddings, embeddings };
  }
  const { source, head } = scored;
  if (embeddings && embeddings.rows !== source.rows)
    throw new InputError(
      `${embeddings.name}: ${embeddings.rows} rows beside ${source.name} with ${source.rows}: a pool has one of each for every row`,
    );
  if (scored.kind !== "features") return { ...scored, embeddings };
  const measured = embeddings ?? source;
  if (head) return { ...scored, embeddings: measured, features: source };
  return { kind: "embeddings", source: measured, embeddings: measured, features: source };
}

/** What scores are made of, if there is any. */
function scoredInput(data: PoolData): PoolInput | undefined {
  const given = ["logits", "probabilities", "features", "scores"].filter((kind) => kind in data);
  if (given.length > 1) throw new InputError(`load: ${given.join(" and ")} are both given: load one of them`);
  if ("logits" in data) return { kind: "logits", source: sourceOf("logits", data.logits, "classes") };
  if ("probabilities" in data) {
    return { kind: "probabilities", source: sourceOf("probabilities", data.probabilities, "classes") };
  }
  if ("features" in data) {
    const source = sourceOf("features", data.features, "dims");
    if (data.head) checkHead(data.head, source.cols);
    return { kind: "features", source, head: data.head };
  }
  if ("scores" in data) return { kind: "scores", source: sourceOf("scores", data.scores, "scores") };
  return undefined;
}

/** The same rows, by another model. */
export function withModel({ embeddings, features, storage, source: { rows } }: PoolInput, model: PoolModel): PoolInput {
  if ("head" in model) {
    if (!features) throw new InputError("the pool was loaded without features for a head to read: load({ features })");
    checkHead(model.head, features.cols);
    return { kind: "features", source: features, head: model.head, embeddings, features, storage };
  }
  const kind = "logits" in model ? "logits" : "probabilities";
  const source = sourceOf(kind, "logits" in model ? model.logits : model.probabilities, "classes");
  if (source.rows !== rows) throw new InputError(`${source.name}: ${source.rows} rows for a pool of ${rows}`);
  return { kind, source, embeddings, features, storage };
}
