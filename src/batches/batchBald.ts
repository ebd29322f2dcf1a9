/**
 * BatchBALD: each pick adds most to what the labels of the whole batch are expected to tell of the model.
 *
 * What a row adds never grows as the batch does (Kirsch et al. 2019, appendix), so an old gain is a bound and only rows at
 * the top are looked at again. Where gains are estimates the bound holds to within their error.
 */
import type { BatchContext, BatchRule, Pick } from "./batch.ts";
import { RowHeap } from "./heap.ts";
import { JointLabels, type RowPasses } from "./jointLabels.ts";

/** Rows fetched at a time: those most likely asked for next. */
const FETCHED = 32;
/** Widens what float64 rounds: a bound must stay one. */
const ROUNDING = 1e-9;

export const batchBald = {
  name: "batchbald",
  about: "rows that tell most about the model together, not each again",
  formula: "the largest gain of H(y₁ … y_b) − Σ mean H(p_t)",
  source: "Kirsch et al. 2019",
  needs: ["predictions"],
  strategy: "bald",
  async select(context) {
    const { k, seed } = context.options;
    const scores = await context.scores();
    const heap = new RowHeap();
    heap.fill(context.free(scores), (row) => scores.highest[row] + ROUNDING);
    const known = new Map<number, RowPasses>();
    const labels = new JointLabels(seed);
    const picks: Pick[] = [];
    let jointInformation = 0;
    while (picks.length < k) {
      const { row, gain, error } = await nextPick(context, heap, known, labels);
      labels.add(known.get(row)!);
      jointInformation += gain;
      picks.push({ row, score: gain, ...(error > 0 && { standardError: error }) });
    }
    return { picks, report: { jointInformation } };
  },
} as const satisfies BatchRule;

interface Gain {
  readonly row: number;
  /** In nats, and its standard error where it is an estimate. */
  readonly gain: number;
  readonly error: number;
}

/** Takes the row that adds most out of the heap, whose keys are bounds. Ties go to the lowest row. */
async function nextPick(
  context: BatchContext,
  heap: RowHeap,
  known: Map<number, RowPasses>,
  labels: JointLabels,
): Promise<Gain> {
  const open: Gain[] = [];
  let best: Gain | undefined;
  while (heap.size > 0 && (best === undefined || heap.topKey >= best.gain)) {
    const row = heap.top;
    const passes = known.get(row);
    if (!passes) {
      await fetch(context, heap, known);
      continue;
    }
    heap.pop();
    const found = { row, ...labels.gainOf(passes) };
    open.push(found);
    if (best === undefined || found.gain > best.gain || (found.gain === best.gain && row < best.row)) best = found;
  }
  for (const { row, gain } of open) if (row !== best!.row) heap.push(row, gain + ROUNDING);
  return best!;
}

async function fetch({ beliefs }: BatchContext, heap: RowHeap, known: Map<number, RowPasses>): Promise<void> {
  const rows = heap
    .first(FETCHED)
    .filter((row) => !known.has(row))
    .sort();
  await beliefs(rows, ({ row, passes, classes, each, logEach }) =>
    known.set(row, { passes, classes, each: each.slice(), logEach: logEach.slice() }),
  );
}
