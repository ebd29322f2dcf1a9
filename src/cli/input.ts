/** The pool that a command line names: predictions, features under a head, or scores. */
import { realpath } from "node:fs/promises";
import type { PoolData } from "../engine.ts";
import { InputError } from "../errors.ts";
import { openNpy, readHead, type NpyFile } from "../files/index.ts";
import type { RowSource } from "../matrix.ts";
import type { PassArguments } from "./options.ts";

export interface NamedInput extends PassArguments {
  predictions?: string;
  scores?: string;
}

export interface OpenInput {
  readonly data: PoolData;
  readonly rows: number;
  /** What the rows are, for people: "10 classes", "48 dims". */
  readonly width: string;
  close(): Promise<void>;
}

/** Opens the one input that is named; none or several of them is an error that lists them. */
export async function openInput(named: NamedInput, command: "score" | "select"): Promise<OpenInput> {
  const { predictions, features, model, scores, kind } = named;
  const given = [
    predictions !== undefined && (predictions || "PREDICTIONS"),
    features !== undefined && "--features",
    scores !== undefined && "--scores",
  ].filter((name) => name !== false);
  if (given.length === 0) {
    const other = command === "select" ? ", or --scores" : "";
    throw new InputError(`nothing to read: name a file of PREDICTIONS, or --features with --model${other}`);
  }
  if (given.length > 1) throw new InputError(`${given.join(" and ")} are both given: name one of them`);
  if (model !== undefined && features === undefined)
    throw new InputError("--model needs --features: what should the head read?");
  if (kind !== undefined && predictions === undefined)
    throw new InputError(`--kind says what PREDICTIONS holds: leave it out with ${given[0]}`);

  if (features !== undefined) {
    if (model === undefined) throw new InputError("--features needs --model: which head scores them?");
    const head = await readHead(model);
    return opened(await openMatrix("--features", features, "[rows, dims]"), "dims", (source) => ({
      features: source,
      head,
    }));
  }
  if (scores !== undefined) {
    if (named.temperature !== 1)
      throw new InputError("--temperature changes how scores are made: leave it out with --scores");
    return opened(await openNamed("--scores", scores), "scores", (source) => ({ scores: source }));
  }
  const file = await openMatrix("PREDICTIONS", predictions as string, "[rows, classes]");
  return opened(file, "classes", (source) =>
    kind === "probabilities" ? { probabilities: source } : { logits: source },
  );
}

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

async function opened(file: NpyFile, unit: string, data: (source: RowSource) => PoolData): Promise<OpenInput> {
  try {
    const source = file.source();
    const width = unit === "scores" ? "scores" : `${source.cols} ${unit}`;
    return { data: data(source), rows: source.rows, width, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openMatrix(what: string, path: string, shape: string): Promise<NpyFile> {
  const file = await openNamed(what, path);
  if (file.shape.length > 1) return file;
  await file.close();
  throw new InputError(`${path}: shape [${file.shape.join(", ")}] is one list: ${what} are ${shape}`);
}

async function openNamed(what: string, path: string): Promise<NpyFile> {
  if (path === "") throw new InputError(`${what} is empty: name a file`);
  if (!path.toLowerCase().endsWith(".npy"))
    throw new InputError(`${path}: unknown kind of file: this version reads .npy`);
  return openNpy(path);
}
