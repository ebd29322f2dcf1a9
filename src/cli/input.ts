/** The pool that a command line names: predictions, features under a head, or scores. */
import type { PoolData } from "../engine.ts";
import { InputError } from "../errors.ts";
import { openNpy, readHead } from "../files/index.ts";
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
export async function openInput({ predictions, features, model, scores, kind }: NamedInput): Promise<OpenInput> {
  const named = [predictions, features && "--features", scores && "--scores"].filter((name) => name !== undefined);
  if (named.length === 0)
    throw new InputError("nothing to read: name a file of PREDICTIONS, or --features with --model");
  if (named.length > 1) throw new InputError(`${named.join(" and ")} are both given: name one of them`);
  if (model && !features) throw new InputError("--model needs --features: what should the head read?");
  if (features) {
    if (!model) throw new InputError("--features needs --model: which head scores them?");
    const head = await readHead(model);
    const source = await openRows(features);
    return {
      data: { features: source, head },
      rows: source.rows,
      width: `${source.cols} dims`,
      close: () => closing(source),
    };
  }
  if (scores) {
    const source = await openRows(scores);
    return { data: { scores: source }, rows: source.rows, width: "scores", close: () => closing(source) };
  }
  const source = await openRows(predictions as string);
  const data = kind === "logits" ? { logits: source } : { probabilities: source };
  return { data, rows: source.rows, width: `${source.cols} classes`, close: () => closing(source) };
}

async function openRows(path: string): Promise<RowSource> {
  if (!path.toLowerCase().endsWith(".npy"))
    throw new InputError(`${path}: unknown kind of file: this version reads .npy`);
  const file = await openNpy(path);
  try {
    return file.source();
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function closing(source: RowSource): Promise<void> {
  await source.close?.();
}
