/** Picks as a page hands them to be saved. */
import { fillPicks, type PickFormat, type PicksRecord } from "./picks.ts";

const types: Record<PickFormat, string> = {
  ".json": "application/json",
  ".jsonl": "application/jsonl",
  ".csv": "text/csv",
  ".npy": "application/octet-stream",
};

/**
 * What `poolwise select --out` writes: of .json all that `result` holds, a pick a line; of .csv and .jsonl the picks; of
 * .npy their rows. Any of them is accepted where labelled rows are asked for.
 */
export async function picksBlob(result: PicksRecord, format: PickFormat): Promise<Blob> {
  const parts: (string | Uint8Array<ArrayBuffer>)[] = [];
  const write = async (part: string | Uint8Array): Promise<void> =>
    void parts.push(typeof part === "string" ? part : part.slice());
  await fillPicks(`picks${format}`, write, format, result);
  return new Blob(parts, { type: types[format] });
}
