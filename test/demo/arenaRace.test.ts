/** The race without its page: worlds are what their settings say, presets fail and are cured, and all in the menus runs. */
import { batchNames, openEngine, strategyNames, type Engine, type LoopPick } from "poolwise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchesFor, leftOut, strategiesFor } from "../../demo/page/arena/menus.ts";
import { modelNames } from "../../demo/page/arena/models.ts";
import { opening, presetNames, presets, type PresetName } from "../../demo/page/arena/presets.ts";
import { Race } from "../../demo/page/arena/race.ts";
import { remedyNames } from "../../demo/page/arena/remedies.ts";
import { plain, toggled, type Settings } from "../../demo/page/arena/settings.ts";
import { worldOf } from "../../demo/page/arena/world.ts";
import { short } from "../support/soak.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: "cpu", threads: 1 });
});
afterAll(() => engine.close());

describe("a world", () => {
  test("has the shares that it is asked for", () => {
    const rows = 20_000;
    const { labels } = worldOf({ ...plain, rows, blobs: 3, imbalance: 9 });
    const counts = [0, 1, 2].map((blob) => labels.filter((label) => label === blob).length);
    expect(counts[0] / counts[2]).toBeCloseTo(9, 1);
    expect(counts[1] / counts[2]).toBeCloseTo(3, 1);
    const noisy = worldOf({ ...plain, rows, blobs: 3, imbalance: 9, noise: 0.2 });
    const wrong = noisy.labels.filter((label, row) => label !== labels[row]).length / rows;
    expect(Math.abs(wrong - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / rows));
    const strewn = worldOf({ ...plain, rows, outliers: 0.1 }).features.data;
    const far = Array.from({ length: rows }, (_, row) => Math.hypot(strewn[2 * row], strewn[2 * row + 1]) > 8.5);
    expect(Math.abs(far.filter(Boolean).length / rows - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / rows));
  });

  test("has blobs as wide as it is asked for, and is measured on as many rows of each", () => {
    const { features, labels, validation } = worldOf({ ...plain, rows: 20_000, overlap: 0.25, imbalance: 5 });
    const of = (blob: number) =>
      labels.reduce<number[]>((xs, label, row) => (label === blob ? [...xs, features.data[2 * row]] : xs), []);
    const xs = of(0);
    const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
    expect(Math.sqrt(xs.reduce((a, x) => a + (x - mean) ** 2, 0) / xs.length)).toBeCloseTo(0.25 * 1.6, 1);
    for (let blob = 0; blob < plain.blobs; blob++)
      expect(Array.from(validation.labels).filter((label) => label === blob)).toHaveLength(200);
  });

  test("is another one for another seed", () => {
    expect(worldOf({ ...plain, seed: 2 }).features.data).not.toEqual(worldOf(plain).features.data);
    expect(worldOf(plain)).toEqual(worldOf({ ...plain }));
  });
});

const SEEDS = short(4, 8);
/**
 * By how much the mean accuracy over a race has to rise when the preset's remedy is switched on, as the mean over all
 * seeds, and in how many of them it need not rise at all. Measured over eight: from 0.740 to 0.897, 0.723 to 0.882, 0.369
 * to 0.960, and 0.849 to 0.966.
 */
const gains = {
  miscalibrated: { mean: 0.1, misses: 0 },
  stuck: { mean: 0.1, misses: 1 }, // in one of eight, the first rows happen to have the third class
  outliers: { mean: 0.4, misses: 0 },
  coldStart: { mean: 0.07, misses: 0 },
} satisfies Record<PresetName, object>;

describe.each(presetNames)("the preset %s", (name) => {
  const { settings, remedy } = presets[name];

  test("fails, and is cured by its remedy", async () => {
    const rises: number[] = [];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const failing = { ...settings, seed };
      rises.push((await meanAccuracy(toggled(failing, remedy))) - (await meanAccuracy(failing)));
    }
    expect(rises.reduce((sum, rise) => sum + rise, 0) / rises.length, rises.join(" ")).toBeGreaterThan(
      gains[name].mean,
    );
    expect(rises.filter((rise) => rise <= 0).length, rises.join(" ")).toBeLessThanOrEqual(gains[name].misses);
  }, 120_000);
});

describe.each(modelNames)("with the model %s", (model) => {
  test("everything in the menus runs, with every remedy", async () => {
    const small: Settings = { ...plain, rows: 300, first: 40, k: 3, budget: 46, model };
    const choices: readonly Partial<Settings>[] = [
      ...strategiesFor(model).map((strategy) => ({ strategy })),
      ...batchesFor(model).map((batch) => ({ batch })),
    ];
    for (const choice of choices)
      for (const remedies of [[], remedyNames]) {
        const picks = await picksOf({ ...small, ...choice, remedies });
        expect(
          picks.map((round) => round.length),
          JSON.stringify(choice),
        ).toEqual([40, 3, 3, 0]);
      }
  }, 120_000);

  test("the menus say what they leave out", () => {
    const isAll =
      strategiesFor(model).length === strategyNames.length && batchesFor(model).length === batchNames.length;
    expect(leftOut(model) === undefined).toBe(isAll);
  });
});

test("both learners begin with the same rows, drawn by lot", async () => {
  const race = await Race.open(engine, opening);
  const [asked, atRandom] = await race.next();
  race.close();
  expect(asked.picks).toEqual(atRandom.picks);
  expect(asked.picks).toHaveLength(opening.first);
});

async function meanAccuracy(settings: Settings): Promise<number> {
  const accuracies: number[] = [];
  await rounds(settings, ({ accuracy }) => accuracy !== undefined && accuracies.push(accuracy));
  return accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
}

async function picksOf(settings: Settings): Promise<(readonly LoopPick[])[]> {
  const found: (readonly LoopPick[])[] = [];
  await rounds(settings, ({ picks }) => found.push(picks));
  return found;
}

/** Tells of each round of the learner that asks. */
async function rounds(
  settings: Settings,
  tell: (round: { readonly accuracy?: number; readonly picks: readonly LoopPick[] }) => void,
): Promise<void> {
  const race = await Race.open(engine, settings);
  for (let isOver = false; !isOver;) {
    const [{ metrics, picks, stop }] = await race.next();
    tell({ accuracy: metrics.accuracy, picks });
    isOver = stop !== undefined;
  }
  race.close();
}
