/** The pool that a command line names: predictions, features under a head, or scores. */
import { realpath } from "node:fs/promises";
import type { PoolData } from "../poolInput.ts";
import { InputError } from "../errors.ts";
import { openRows as openPlace, readHead } from "../files/index.ts";
import { stopSignal } from "./interrupt.ts";
import { memberSource, passesOf, type Origin, type RowSource } from "../matrix.ts";
import type { PassArguments } from "./options.ts";
import type { Sampled } from "./progress.ts";

export interface NamedInput extends PassArguments {
  /** Members of a committee, or the one model there is; empty when none is named. */
  predictions: readonly string[];
  scores?: string;
  embeddings?: string;
  /** Of what scores are made of, or of the embeddings where there is nothing else. */
  columns?: readonly string[];
}

export interface OpenInput {
  readonly data: PoolData;
  readonly rows: number;
  /** What the rows are, for people: "10 classes", "48 dims". */
  readonly width: string;
  readonly sampled: Sampled;
  /** Where a row lies, where rows come from several files. */
  origin?(row: number): Origin;
  close(): Promise<void>;
}

/** Opens the one input that is named; none or several of them is an error that lists them. */
export async function openInput(named: NamedInput, command: "score" | "select"): Promise<OpenInput> {
  checkArguments(named, command);
  if (named.embeddings === undefined) return openScored(named);
  const own = hasScores(named) ? undefined : named.columns;
  const source = await openRows("--embeddings", named.embeddings, "[rows, dims]", own);
  try {
    if (!hasScores(named)) return opened(source, { embeddings: source }, `${source.cols} dims`);
    const scored = await openScored(named);
    const close = async () => void (await Promise.all([scored.close(), source.close?.()]));
    return { ...scored, data: { ...scored.data, embeddings: source }, close };
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

const hasScores = ({ predictions, features, scores }: NamedInput): boolean =>
  predictions.length > 0 || features !== undefined || scores !== undefined;

/** What scores are made of. */
async function openScored(named: NamedInput): Promise<OpenInput> {
  const { predictions, features, model, scores, kind, passes = 1, dropout, columns } = named;
  if (features !== undefined && model !== undefined) {
    const head = await readHead(model);
    const source = await openRows("--features", features, "[rows, dims]", columns);
    const sampled = passes > 1 ? { passes, dropout: dropout ?? head.dropout } : {};
    return opened(source, { features: source, head }, `${source.cols} dims`, sampled);
  }
  if (scores !== undefined) {
    const source = await openRows("--scores", scores, undefined, columns);
    return opened(source, { scores: source }, "scores");
  }
  const source = await openPredictions(predictions, columns);
  const data = kind === "probabilities" ? { probabilities: source } : { logits: source };
  return opened(source, data, `${source.cols} classes`, passesOf(source) > 1 ? { passes: passesOf(source) } : {});
}

/** Refuses, before any file is opened, what does not go together. */
function checkArguments(named: NamedInput, command: "score" | "select"): void {
  const { predictions, features, model, scores, kind, temperature, passes = 1, dropout } = named;
  const given = [
    predictions.length > 0 && (predictions[0] || "PREDICTIONS"),
    features !== undefined && "--features",
    scores !== undefined && "--scores",
  ].filter((name) => name !== false);
  if (given.length === 0 && named.embeddings === undefined) {
    const other = command === "select" ? ", or --scores, or --embeddings" : "";
    throw new InputError(`nothing to read: name a file of PREDICTIONS, or --features with --model${other}`);
  }
  if (given.length > 1) throw new InputError(`${given.join(" and ")} are both given: name one of them`);
  if (model !== undefined && features === undefined)
    throw new InputError("--model needs --features: what should the head read?");
  if (features !== undefined && model === undefined)
    throw new InputError("--features needs --model: which head scores them?");
  if (kind !== undefined && predictions.length === 0)
    throw new InputError(`--kind says what PREDICTIONS hold: leave it out with ${given[0] ?? "--embeddings"}`);
  if (scores !== undefined && temperature !== 1)
    throw new InputError("--temperature changes how scores are made: leave it out with --scores");
  for (const [option, flag, use] of OF_A_HEAD) {
    if (named[option] !== undefined && features === undefined)
      throw new InputError(
        `${flag} ${use} of a head, and ${given[0] ?? "--embeddings"} has none: leave it out, or give --features with --model`,
      );
  }
  if (dropout && passes === 1)
    throw new InputError(`--dropout ${dropout} needs more than one pass: say how many with --passes`);
}

const OF_A_HEAD = [
  ["passes", "--passes", "draws dropout in the hidden layers"],
  ["dropout", "--dropout", "leaves out hidden units"],
  ["eglLayers", "--egl-layers", "chooses among the layers"],
] as const;

/** Refuses to write over what is read. */
export async function checkApart(out: string, ...inputs: (string | undefined)[]): Promise<void> {
  const target = out === "-" ? undefined : await fileAt(out);
  if (target === undefined) return;
  for (const input of inputs) {
    if (input && (await fileAt(input)) === target) throw new InputError(`${out}: is read too: choose another --out`);
  }
}

/** The file behind a path and its links, if there is one. */
function fileAt(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

function opened(source: RowSource, data: PoolData, width: string, sampled: Sampled = {}): OpenInput {
  return { data, rows: source.rows, width, sampled, origin: source.origin, close: async () => source.close?.() };
}

/** Files as the members of one committee. None may be there twice: a vote that counts double is a slip, and hard to see. */
export async function openPredictions(paths: readonly string[], columns?: readonly string[]): Promise<RowSource> {
  const known = new Map<string, string>();
  for (const path of paths) {
    const file = (await fileAt(path)) ?? path;
    const twin = known.get(file);
    if (twin !== undefined)
      throw new InputError(
        `${path}: ${twin === path ? "is named twice" : `is the same file as ${twin}`} and would count double: name each member once`,
      );
    known.set(file, path);
  }
  const members: RowSource[] = [];
  try {
    for (const path of paths)
      members.push(await openRows("PREDICTIONS", path, "[rows, classes] or [passes, rows, classes]", columns));
    return memberSource(members);
  } catch (error) {
    for (const member of members) await member.close?.();
    throw error;
  }
}

/** Opens rows; with `shape`, which says what they should have been, one list of numbers is refused. */
export async function openRows(
  what: string,
  place: string,
  shape?: string,
  columns?: readonly string[],
): Promise<RowSource> {
  if (place === "") throw new InputError(`${what} is empty: name a file`);
  return openPlace(place, {
    columns,
    signal: stopSignal,
    ...(shape !== undefined && { matrix: `${what} are ${shape}` }),
  });
}
