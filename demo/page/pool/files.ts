/** What a person gives: predictions, embeddings, and rows that are labelled already. */
import { InputError, type Pool, type Engine, type RowSource } from "poolwise";
import { openFile } from "poolwise/web";
import { readLabelled } from "./labelled.ts";
import type { Kind } from "./likeliest.ts";

export const slots = ["predictions", "embeddings", "labelled"] as const;
export type Slot = (typeof slots)[number];

export interface Files {
  readonly predictions?: RowSource;
  readonly embeddings?: RowSource;
  readonly labelled?: { readonly name: string; readonly rows: readonly number[] };
  /** Made here, not given. */
  readonly isSample?: boolean;
}

/** How the predictions are read, and what becomes of rows that hold no valid values. */
export interface Reading {
  readonly kind: Kind;
  readonly invalid: "error" | "skip";
}

const { compare: byName } = new Intl.Collator("en", { numeric: true });

/** Several files are one pool, in the order of their names: drops come in none. */
export async function openSlot(
  slot: Slot,
  files: readonly File[],
  { columns, signal }: { readonly columns?: readonly string[]; readonly signal: AbortSignal },
): Promise<Files> {
  if (slot === "labelled") {
    const [file, ...more] = files;
    if (more.length > 0) throw new InputError(`${file.name} and ${more[0].name}: labelled rows are one file`);
    return { labelled: { name: file.name, rows: await readLabelled(file, signal) } };
  }
  const sorted = [...files].sort((a, b) => byName(a.name, b.name));
  const source = await openFile(sorted, { columns, signal });
  const isOneClass = slot === "predictions" && source.cols === 1;
  if (!isOneClass && !signal.aborted) return { [slot]: source };
  await source.close?.();
  signal.throwIfAborted();
  throw new InputError(`${source.name}: one column is one class, of which a model is always sure: a column for each`);
}

/** @throws InputError where predictions and embeddings do not fit each other */
export async function loadPool(
  engine: Engine,
  { predictions, embeddings }: Files,
  { kind, invalid }: Reading,
): Promise<Pool | undefined> {
  if (predictions && kind === "logits") return engine.load({ logits: predictions, embeddings, invalid });
  if (predictions) return engine.load({ probabilities: predictions, embeddings, invalid });
  return embeddings && engine.load({ embeddings, invalid });
}
