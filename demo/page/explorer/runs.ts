/** Every rule on one pool, one after the other: of all that is asked, the last is done. */
import type { Batch, BatchName, Engine, Pool, Progress, StrategyName } from "poolwise";
import { meanOf, radiusOf, redundancyOf, type Measures } from "./measures.ts";
import { makeScene, type Scene } from "./scene.ts";
import { askedOf, rules, type Rule, type Settings } from "./settings.ts";

/** The picks of a rule, and all that is needed to tell of them. */
export interface Found {
  readonly rule: Rule;
  /** What was set when they were picked. */
  readonly settings: Settings;
  readonly scene: Scene;
  /** [rows], by the strategy that was set, whatever the rule went by. */
  readonly scores: Float32Array;
  readonly batch: Batch;
  readonly measures: Measures;
}

export interface Listener {
  /** A rule is begun, or is that far. */
  onWork(rule: Rule, progress?: Progress): void;
  onFound(found: Found): void;
}

/** Whether these are the picks that would be made now. */
export function picksHold({ rule, settings }: Found, now: Settings): boolean {
  const asked = (given: Settings): string => JSON.stringify([given.rows, askedOf(rule, given)]);
  return asked(settings) === asked(now);
}

/** The same of all that is shown with them. */
export const holds = (found: Found, now: Settings): boolean =>
  picksHold(found, now) && found.settings.strategy === now.strategy;

interface Loaded {
  readonly scene: Scene;
  readonly pool: Pool;
  readonly rows: number;
  readonly seed: number;
}

export class Runs {
  private readonly engine: Engine;
  private readonly found = new Map<BatchName, Found>();
  private loaded: Loaded | undefined;
  private scored: { readonly strategy: StrategyName; readonly values: Float32Array } | undefined;
  /** Ends when whatever was asked for before has ended. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Does what does not hold any more. The signal ends it, and what comes next waits for that. */
  run(settings: Settings, listener: Listener, signal: AbortSignal): Promise<void> {
    return this.inTurn(async () => {
      signal.throwIfAborted();
      const { scene, pool } = await this.poolFor(settings, signal);
      const scores = await this.scoresFor(pool, settings, signal);
      for (const rule of rules) {
        const before = this.found.get(rule.name);
        if (before && holds(before, settings)) continue;
        const found =
          before && picksHold(before, settings)
            ? {
                ...before,
                settings,
                scores,
                measures: { ...before.measures, meanScore: meanOf(scores, rowsOf(before)) },
              }
            : await pick(rule, { settings, scene, scores, pool }, listener, signal);
        this.found.set(rule.name, found);
        listener.onFound(found);
      }
    });
  }

  /** Releases the pool, once the run at hand has ended. */
  close(): Promise<void> {
    return this.inTurn(async () => this.unload());
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.last.then(work, work);
    this.last = done;
    return done;
  }

  private async poolFor({ rows, seed }: Settings, signal: AbortSignal): Promise<Loaded> {
    if (this.loaded?.rows === rows && this.loaded.seed === seed) return this.loaded;
    this.unload();
    const scene = await makeScene({ rows, seed }, signal);
    const pool = await this.engine.load({ logits: scene.logits, embeddings: { data: scene.points, rows, dims: 2 } });
    this.loaded = { scene, pool, rows, seed };
    return this.loaded;
  }

  private async scoresFor(pool: Pool, { strategy, seed }: Settings, signal: AbortSignal): Promise<Float32Array> {
    if (this.scored?.strategy !== strategy) {
      const { values } = await pool.score(strategy, { seed, signal });
      this.scored = { strategy, values };
    }
    return this.scored.values;
  }

  private unload(): void {
    this.loaded?.pool.close();
    this.loaded = this.scored = undefined;
  }
}

async function pick(
  rule: Rule,
  { pool, ...given }: Pick<Found, "settings" | "scene" | "scores"> & { readonly pool: Pool },
  { onWork }: Listener,
  signal: AbortSignal,
): Promise<Found> {
  const { settings, scene, scores } = given;
  onWork(rule);
  const begun = performance.now();
  const batch = await pool.select(rule.name, {
    ...askedOf(rule, settings),
    labelled: scene.labelled,
    signal,
    onProgress: (progress) => onWork(rule, progress),
  });
  const milliseconds = performance.now() - begun;
  const rows = batch.picks.map(({ row }) => row);
  const measures = {
    redundancy: redundancyOf(scene.points, rows),
    radius: await radiusOf(pool, scene, rows, signal),
    meanScore: meanOf(scores, rows),
    milliseconds,
  };
  return { ...given, rule, batch, measures };
}

export const rowsOf = ({ batch }: Found): number[] => batch.picks.map(({ row }) => row);
