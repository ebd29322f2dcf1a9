/** Where a person sits: the run at hand, whose turn it is, and what may be done. */
import { signal } from "@preact/signals";
import type { Engine, Pool } from "poolwise";
import type { Digits } from "./data.ts";
import { Labelling, undone, type Standing } from "./labelling.ts";
import { usual, type Settings } from "./settings.ts";

/** Kept for as long as the page is: another panel may be looked at in between. It holds nothing but numbers. */
const kept: { settings: Settings; standing?: Standing } = { settings: usual };

export class Desk {
  readonly settings = signal(kept.settings);
  /** Undefined while the first question is looked for. */
  readonly standing = signal(kept.standing);
  /** Whose turn it is: a person's to answer, or the model's to learn. */
  readonly turn = signal<"person" | "model" | "failed">("model");
  /** Whether answers are being given for the person. */
  readonly isGiving = signal(false);
  readonly error = signal<unknown>(undefined);
  readonly digits: Digits;
  private readonly pool: Pool;
  private readonly lifetime: AbortSignal;
  private labelling: Labelling;
  /** Work goes one after the other; of what was begun anew, the newest counts. */
  private work = Promise.resolve();
  private newest = 0;
  /** Answers that are still to be given for the person. */
  private owed = 0;

  private constructor(digits: Digits, pool: Pool, lifetime: AbortSignal) {
    this.digits = digits;
    this.pool = pool;
    this.lifetime = lifetime;
    this.labelling = new Labelling(digits, pool, kept.settings);
  }

  /** A desk that holds a pool until the end of `lifetime`. */
  static async open(engine: Engine, digits: Digits, lifetime: AbortSignal): Promise<Desk> {
    const pool = await engine.load({ features: digits.pool.features });
    if (lifetime.aborted) pool.close();
    lifetime.addEventListener("abort", () => pool.close());
    const desk = new Desk(digits, pool, lifetime);
    if (kept.standing) desk.turn.value = "person";
    else void desk.begin(kept.settings);
    return desk;
  }

  async begin(settings: Settings): Promise<void> {
    this.stop();
    this.settings.value = kept.settings = settings;
    this.labelling = new Labelling(this.digits, this.pool, settings);
    this.keep(undefined);
    await this.next(() => this.labelling.begin());
  }

  /** A label, or null: "I can't tell". */
  async answer(label: number | null): Promise<void> {
    if (this.turn.value === "person") await this.next(() => this.labelling.answer(this.standing.value!, label));
  }

  undo(): void {
    if (this.turn.value === "person" && this.standing.value!.rounds.length > 0) this.keep(undone(this.standing.value!));
  }

  /** Answers by the book, so many times or until it is stopped. */
  async answerByBook(times: number): Promise<void> {
    this.owed += times;
    if (this.isGiving.value) return;
    this.isGiving.value = true;
    await this.work;
    for (; this.owed > 0 && this.turn.value === "person"; this.owed--) {
      await this.answer(this.digits.pool.labels[this.standing.value!.question.row]);
      await shown();
    }
    this.stop();
  }

  stop(): void {
    this.owed = 0;
    this.isGiving.value = false;
  }

  private async next(learn: () => Promise<Standing>): Promise<void> {
    const own = ++this.newest;
    this.turn.value = "model";
    this.error.value = undefined;
    this.work = this.work.then(async () => {
      if (own !== this.newest) return;
      try {
        const standing = await learn();
        if (this.lifetime.aborted || own !== this.newest) return;
        this.keep(standing);
        this.turn.value = "person";
      } catch (error) {
        if (this.lifetime.aborted || own !== this.newest) return;
        this.error.value = error;
        this.turn.value = "failed";
      }
    });
    await this.work;
  }

  private keep(standing: Standing | undefined): void {
    this.standing.value = kept.standing = standing;
  }
}

/** Once what has changed has been drawn. */
const shown = (): Promise<number> => new Promise(requestAnimationFrame);
