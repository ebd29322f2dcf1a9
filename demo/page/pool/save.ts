/** Picks as files, in the form that `poolwise select --out` has. */
import type { Batch, RowSource } from "poolwise";
import { picksBlob, type PickFormat, type PicksRecord } from "poolwise/web";

/** Timings are of one run, not of the picks. Of several files, each pick says which one it is in. */
function recordOf(selected: Batch, source: RowSource): PicksRecord {
  const { timings: _, picks, ...rest } = selected;
  const { passes = 1 } = source;
  return {
    ...rest,
    ...(passes > 1 && { passes }),
    picks: picks.map((pick) => ({ ...pick, ...source.origin?.(pick.row) })),
  };
}

/** Hands them to the browser, which asks or knows where to put them. */
export async function savePicks(selected: Batch, source: RowSource, format: PickFormat): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await picksBlob(recordOf(selected, source), format));
  link.download = `picks${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}
