/**
 * BatchBALD: each pick adds most to what the labels of the whole batch are expected to tell of the model.
 *
 * What a row adds never grows as the batch does (Kirsch et al. 2019, appendix), so an old gain is a bound and only rows at
 * the top are looked at again: in float32, many at a time, until float64 settles those that are left. A gain over sampled
 * combinations bounds no other, so from the first of them on each pick starts from what a row may add at most.
 */
import type { Pace } from "../pace.ts";
import type { BatchRule, Pick } from "./batch.ts";
import { GainBounds, ROUNDING } from "./gainBounds.ts";
import { RowHeap } from "./heap.ts";
import { JointLabels } from "./jointLabels.ts";
import { KeptRows, type RowPasses } from "./rowPasses.ts";

/** Rows looked at together; of those not yet seen, twice as many each time that they do not suffice. */
const TILE = 32;
/** Of the passes of rows that are looked at together, and of all that are kept. */
const TILE_BYTES = 2 ** 23;
const KEPT_BYTES = 2 ** 26;

export const batchBald = {
  name: "batchbald",
  about: "rows that tell most about the model together, not each again",
  formula: "the largest gain of H(y₁ … y_b) − Σ mean H(p_t)",
  source: "Kirsch et al. 2019",
  needs: ["predictions"],
  rowBytes: 64,
  strategy: "bald",
  async select(context) {
    const { pace } = context;
    const { k, seed } = context.options;
    const scores = await context.scores();
    const alone = scores.highest.map((score) => score + context.sumSlack);
    const bounds = await GainBounds.open(alone);
    const kept = new KeptRows(context.beliefs, KEPT_BYTES, bounds.see);
    const labels = new JointLabels(seed);
    const heap = new RowHeap();
    const looks = new Uint8Array(context.rows);
    let free = context.free(scores);
    await heap.fillInTurns(free, (row) => alone[row] + ROUNDING, pace);
    const [{ passes, classes }] = await kept.of(heap.first(1));
    const most = Math.max(1, Math.floor(TILE_BYTES / (8 * passes * classes)));
    const picks: Pick[] = [];
    let jointInformation = 0;
    while (picks.length < k) {
      bounds.mix(labels.mixtures(passes));
      if (labels.areSampled) await heap.fillInTurns(free, (row) => bounds.blind(row, classes), pace);
      const { row, beliefs, gain, error } = await nextPick({ heap, looks, most, kept, bounds, labels, pace });
      labels.add(beliefs);
      const at = free.indexOf(row);
      free = free.copyWithin(at, at + 1).subarray(0, -1);
      jointInformation += gain;
      picks.push({ row, score: gain, ...(error > 0 && { standardError: error }) });
      await pace.turn({ stage: "picking", rows: picks.length, of: k });
    }
    return { picks, report: { jointInformation } };
  },
} as const satisfies BatchRule;

interface Search {
  /** Rows that may be picked, by what they add at most. */
  readonly heap: RowHeap;
  /** [rows]: how often the passes of each have been looked at. */
  readonly looks: Uint8Array;
  /** Rows that may be looked at together. */
  readonly most: number;
  readonly kept: KeptRows;
  readonly bounds: GainBounds;
  readonly labels: JointLabels;
  readonly pace: Pace;
}

interface Gain {
  readonly row: number;
  readonly beliefs: RowPasses;
  /** In nats, and its standard error where it is an estimate. */
  readonly gain: number;
  readonly error: number;
}

/** Takes the row that adds most out of the heap. Ties go to the lowest row. */
async function nextPick({ heap, looks, most, kept, bounds, labels, pace }: Search): Promise<Gain> {
  looks.fill(0);
  const settled: { row: number; gain: number }[] = [];
  let best: Gain | undefined;
  let unseen = TILE;
  const mayWin = (): boolean => heap.size > 0 && (best === undefined || heap.topKey >= best.gain);
  while (mayWin()) {
    await pace.turn();
    const look = looks[heap.top];
    if (look === bounds.looks) {
      const [beliefs] = await kept.of(heap.first(1));
      const found = { row: heap.pop(), beliefs, ...labels.gainOf(beliefs) };
      settled.push({ row: found.row, gain: found.gain });
      if (best === undefined || found.gain > best.gain || (found.gain === best.gain && found.row < best.row))
        best = found;
      continue;
    }
    const tile = Math.min(look === 0 ? unseen : TILE, most);
    if (look === 0) unseen = 2 * tile;
    const rows: number[] = [];
    const keys: number[] = [];
    for (; rows.length < tile && mayWin() && looks[heap.top] === look; rows.push(heap.pop())) keys.push(heap.topKey);
    const highest = bounds.at(look + 1, await kept.of(Uint32Array.from(rows)));
    rows.forEach((row, i) => {
      looks[row]++;
      heap.push(row, Math.min(keys[i], highest[i]));
    });
  }
  for (const { row, gain } of settled) if (row !== best!.row) heap.push(row, gain + ROUNDING);
  return best!;
}
