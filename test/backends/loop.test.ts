/** A loop against the same rounds made by hand, each with a pool of its own. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  activeLearning,
  fitLogistic,
  logisticModel,
  predictLogistic,
  stopWhen,
  type BatchName,
  type Engine,
  type Round,
} from "../../src/index.ts";
import { engineNames, openTestEngine } from "../support/engines.ts";
import { makeBlobs } from "../support/blobs.ts";

const CLASSES = 3;
const { features, labels } = makeBlobs(1, 600, CLASSES, 4, 1.5);
const validation = makeBlobs(2, 300, CLASSES, 4, 1.5);
const start = [0, 1, 2, 30, 31].map((row) => ({ row, label: labels[row] }));

const featuresOf = (rows: readonly number[]) => {
  const data = Float32Array.from(rows.flatMap((row) => [...features.data.subarray(row * 4, row * 4 + 4)]));
  return { data, rows: rows.length, dims: 4 };
};

describe.each(engineNames)("%s", (kind) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openTestEngine(kind);
  });
  afterAll(() => engine?.close());

  test.each<[BatchName, number]>([
    ["top-k", 0],
    ["hybrid", 0],
    ["top-k", 1],
  ])("%s, density to the power %d", async (batch, density) => {
    using pool = await engine.load({ features });
    const rounds: Round[] = [];
    const loop = activeLearning({
      pool,
      model: logisticModel(),
      oracle: ({ rows }) => rows.map((row) => labels[row]),
      strategy: "margin",
      batch,
      density,
      k: 7,
      classes: CLASSES,
      labelled: start,
      validation,
      stop: stopWhen.rounds(4),
    });
    for await (const round of loop) rounds.push(round);

    expect(rounds.map(({ picks }) => picks.length)).toEqual([7, 7, 7, 7, 0]);
    expect(rounds[4].stop).toBe("4 rounds are done");
    const known = start.map(({ row }) => row);
    for (const { picks, metrics, labelled, answers } of rounds) {
      expect([...labelled.rows]).toEqual(known);
      const model = fitLogistic({
        features: featuresOf(known),
        labels: known.map((row) => labels[row]),
        classes: CLASSES,
      });
      const { data } = predictLogistic(model, validation.features);
      const isRight = (row: number): boolean => {
        const p = [...data.subarray(row * CLASSES, row * CLASSES + CLASSES)];
        return p.indexOf(Math.max(...p)) === validation.labels[row];
      };
      expect(metrics.accuracy).toBe([...validation.labels.keys()].filter(isRight).length / 300);
      if (picks.length === 0) continue;
      using fresh = await engine.load({ features, head: model.head });
      const expected = await fresh.select(batch, { k: 7, strategy: "margin", density, labelled: known });
      expect(picks.map(({ row, score }) => ({ row, score }))).toEqual(expected.picks);
      expect(picks[0].reason).toBe(`by ${batch} of margin`);
      expect(answers).toEqual(picks.map(({ row }) => ({ row, label: labels[row] })));
      known.push(...picks.map(({ row }) => row));
    }
  });
});
