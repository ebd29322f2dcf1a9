/** A race that is watched: step by step or played, and what is shown of it. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Engine, Round } from "poolwise";
import { extentAround, type Extent } from "../parts/scatter/extent.ts";
import type { Regions } from "../parts/scatter/regions.ts";
import { Race } from "./race.ts";
import { regionsOf } from "./regions.ts";
import type { Settings } from "./settings.ts";

/** What is shown of a round of one learner. Nothing of it grows with the rounds but the labelled rows. */
export interface Shown extends Pick<Round, "picks" | "calibration" | "stop"> {
  readonly accuracy: number | undefined;
  /** Labelled rows that the model of this round has learnt from. */
  readonly labelled: Uint32Array;
  /** Undefined while there is no model. */
  readonly regions: Regions | undefined;
}

/** Accuracies by round; null while there is no model. */
type Course = readonly (number | null)[];

/** All that is shown. */
export interface View {
  readonly round: number;
  readonly learners: readonly [asked: Shown, atRandom: Shown];
  /** Labels by round. */
  readonly labels: readonly number[];
  readonly courses: readonly [asked: Course, atRandom: Course];
}

export class Match {
  readonly settings: Settings;
  /** Undefined until the first round is there. */
  readonly view = signal<View>();
  readonly isPlaying = signal(false);
  readonly error = signal<unknown>(undefined);
  race: Race | undefined;
  extent: Extent | undefined;
  private readonly left = new AbortController();
  /** What is going on: the opening, or a round. */
  private work: Promise<void>;
  private playing: Promise<void> | undefined;

  constructor(engine: Engine, settings: Settings) {
    this.settings = settings;
    this.work = this.guarded(() => this.open(engine));
  }

  get state(): "opening" | "paused" | "playing" | "over" | "failed" {
    if (this.error.value !== undefined) return "failed";
    if (this.view.value === undefined) return "opening";
    if (this.isOver) return "over";
    return this.isPlaying.value ? "playing" : "paused";
  }

  private get isOver(): boolean {
    return this.view.value?.learners[0].stop !== undefined;
  }

  /** One round more of both, once that at hand is done. */
  step(): Promise<void> {
    this.work = this.work.then(() => this.guarded(() => this.advance()));
    return this.work;
  }

  /** Until it is paused or over. Between two rounds the page has its turn, however fast it is to go. */
  play(roundsASecond: ReadonlySignal<number>): void {
    this.isPlaying.value = true;
    this.playing ??= this.playOn(roundsASecond).finally(() => (this.playing = undefined));
  }

  pause(): void {
    this.isPlaying.value = false;
  }

  close(): void {
    this.pause();
    this.left.abort(new DOMException("another race begins", "AbortError"));
    this.race?.close();
  }

  private async open(engine: Engine): Promise<void> {
    const race = await Race.open(engine, this.settings, this.left.signal);
    this.race = race;
    if (this.left.signal.aborted) return race.close();
    this.extent = extentAround(race.world.features.data);
    await this.advance();
  }

  private async advance(): Promise<void> {
    if (this.isOver || !this.race) return;
    const rounds = await this.race.next();
    const [asked, atRandom] = [await this.shown(rounds[0]), await this.shown(rounds[1])];
    const { labels = [], courses = [[], []] } = this.view.value ?? {};
    this.view.value = {
      round: rounds[0].round,
      learners: [asked, atRandom],
      labels: [...labels, asked.labelled.length],
      courses: [
        [...courses[0], asked.accuracy ?? null],
        [...courses[1], atRandom.accuracy ?? null],
      ],
    };
  }

  private async shown({ fitted, metrics, labelled, picks, calibration, stop }: Round): Promise<Shown> {
    const regions = fitted && (await regionsOf(fitted, this.extent!));
    return { accuracy: metrics.accuracy, labelled: labelled.rows, regions, picks, calibration, stop };
  }

  private async playOn(roundsASecond: ReadonlySignal<number>): Promise<void> {
    while (this.isPlaying.value) {
      await this.step();
      if (this.state !== "playing") this.pause();
      else await new Promise((resolve) => setTimeout(resolve, 1000 / roundsASecond.value));
    }
  }

  /** What fails because the race was left is nobody's concern. */
  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      if (this.error.value === undefined) await work();
    } catch (error) {
      if (!this.left.signal.aborted) this.error.value = error;
    }
  }
}
