/** The loop: train, score, pick, ask, and again with what was answered, until it is enough. */
import { InputError } from "../errors.ts";
import type { Features } from "../matrix.ts";
import { randomBits, streams } from "../random.ts";
import { calibrated, type Calibrated } from "./calibrated.ts";
import { choose, classesSeen, type Chosen } from "./choose.ts";
import { sampleRows } from "./draws.ts";
import { memoryJournal, takeUp, written, type Entry, type Journal, type Past } from "./journal.ts";
import { agreementOf, predictions, quality, type Metrics } from "./metrics.ts";
import { beliefs, labelsOf, learn, type Fitted, type Labelled } from "./model.ts";
import { checkOptions, knownRows, settingsOf, type LoopOptions } from "./options.ts";
import { answersTo, checkLabel, type Answer } from "./oracle.ts";
import type { LoopPick } from "./pick.ts";
import type { Round } from "./round.ts";
import { Standing } from "./standing.ts";
import type { LoopState } from "./stopping.ts";

/** Rows of the pool on which models are compared with those before them. */
const PROBED = 1000;

/**
 * Asks an oracle for the labels that a model would like to know most, round after round.
 *
 * Each round fits the model to all labels so far, says how good it is, and picks k rows, which the oracle is asked for. The
 * last round has a model and no picks, and says why it is the last. With a journal, a loop that is interrupted at any
 * moment goes on where it was: the picks are those of a loop that never stopped, and no answer is asked for twice.
 *
 * While fewer than two classes are known there is nothing to be uncertain between: picks are drawn by lot.
 *
 * ```ts
 * const pool = await engine.load({ features });
 * const rounds = activeLearning({ pool, model: logisticModel(), oracle, k: 50, stop: stopWhen.budget(1000), validation });
 * for await (const { labelled, metrics } of rounds) console.log(labelled.labels.length, metrics.accuracy);
 * ```
 *
 * @throws InputError for bad options, a journal of another loop, or answers that are none; what the oracle or the model
 * throws comes through as it is, and the journal keeps what was answered before
 */
export async function* activeLearning(options: LoopOptions): AsyncGenerator<Round, void, undefined> {
  checkOptions(options);
  const { pool } = options;
  if (looping.has(pool))
    throw new InputError("activeLearning: another loop is at work on this pool: end it, or load the rows again");
  const { journal } = options;
  if (journal !== undefined && looping.has(journal))
    throw new InputError("activeLearning: another loop is at work on this journal: end it, or begin another");
  looping.add(pool);
  if (journal !== undefined) looping.add(journal);
  try {
    const loop = await Loop.open(options);
    for (;;) {
      const round = await loop.round();
      yield round;
      if (round.stop !== undefined) return;
    }
  } finally {
    looping.delete(pool);
    if (journal !== undefined) looping.delete(journal);
  }
}

/** Pools and journals that a loop is at work on: two would take each other's model and entries for their own. */
const looping = new WeakSet<object>();

class Loop {
  private readonly options: LoopOptions;
  private readonly seed: number;
  private readonly journal: Journal;
  private readonly past: Past;
  private readonly standing: Standing;
  private readonly probe: Features;
  /** What the last model said of the probe. */
  private probed: Uint32Array | undefined;
  /** Spent in rounds that are done and in sittings before this one. */
  private seconds: number;
  /** When the round at hand began. */
  private began = performance.now();

  private constructor(options: LoopOptions, journal: Journal, past: Past, standing: Standing, probe: Features) {
    this.options = options;
    this.seed = options.seed ?? 0;
    this.journal = journal;
    this.past = past;
    this.standing = standing;
    this.probe = probe;
    this.seconds = past.seconds;
  }

  static async open(options: LoopOptions): Promise<Loop> {
    const { pool, seed = 0, validation, signal } = options;
    const known = knownRows(options);
    const journal = options.journal ?? memoryJournal();
    const print = await pool.fingerprint({ signal });
    const past = await takeUp(journal, { print, rows: pool.rows }, settingsOf(options, known));
    const invalid = await pool.invalidFeatures({ signal });
    const probe = await pool.features(sampleRows(pool.rows, invalid, PROBED, seed), { signal });
    if (validation && validation.features.dims !== probe.dims)
      throw new InputError(
        `validation: its features have ${validation.features.dims} dims, those of the pool ${probe.dims}: give the same`,
      );
    const standing = new Standing(pool, probe.dims, { known, invalid, held: validation?.features });
    const loop = new Loop(options, journal, past, standing, probe);
    await loop.learnPast();
    return loop;
  }

  /** Goes back to where the journal ends. */
  private async learnPast(): Promise<void> {
    const { past, options, standing } = this;
    for (const { round, row, label } of past.answers) {
      checkLabel("journal", row, label, options.classes);
      // The last round that is done, and the open one, which goes on with the model it was begun with, are for later.
      if (round < past.rounds - 1) standing.note({ row, label });
    }
    await standing.readFeatures();
    if (past.rounds === 0) return;
    // What the last model says of the sample is what the next one is held against.
    const labelled = this.labelled(past.rounds - 1);
    if (classesSeen(labelled) > 0) this.probed = await this.probing((await this.fit(labelled)).fitted);
    for (const { round, row, label } of past.answers) if (round === past.rounds - 1) standing.note({ row, label });
    await standing.readFeatures();
  }

  async round(): Promise<Round> {
    const { options, past, standing } = this;
    const round = past.rounds;
    const began = performance.now();
    this.began = began;
    options.signal?.throwIfAborted();
    const labelled = this.labelled(round);
    const { fitted, calibration } = classesSeen(labelled) > 0 ? await this.fit(labelled) : { fitted: undefined };
    const fit = secondsSince(began);

    const evaluating = performance.now();
    const metrics = fitted ? await this.evaluate(fitted) : {};
    const evaluate = secondsSince(evaluating);
    const state: LoopState = {
      rounds: round,
      labels: standing.known.length,
      refused: standing.refused.length,
      seconds: this.elapsed(),
      metrics: [...past.metrics, metrics],
    };
    const overlap = options.validation && { overlap: standing.overlap() };
    const about = { round, labelled, fitted, metrics, ...overlap, ...(calibration && { calibration }), state };
    const stop = past.open
      ? undefined
      : (options.stop?.why(state) ?? (standing.left === 0 ? "no row is left to ask for" : undefined));
    if (stop !== undefined)
      return { ...about, picks: [], answers: [], timings: { fit, evaluate, pick: 0, ask: 0 }, stop };

    const picking = performance.now();
    const { picks, stages, changed } = await this.picks(labelled, fitted, calibration);
    const pick = secondsSince(picking);
    const asking = performance.now();
    const answers = await this.ask(round, picks);
    const ask = secondsSince(asking);
    this.seconds = this.elapsed();
    this.began = performance.now();
    if (answers.length === 0)
      throw new InputError(
        `oracle: answered none of the ${picks.length} rows of round ${round}: answer or refuse (null) some`,
      );
    await this.write({ kind: "round", round, metrics, seconds: this.seconds });
    past.rounds++;
    past.metrics.push(metrics);
    past.open = undefined;
    await standing.readFeatures();
    const told = calibration && { calibration: { ...calibration, changed } };
    return {
      ...about,
      ...told,
      picks,
      answers,
      timings: { fit, evaluate, pick, ...(stages && { stages }), ask },
    };
  }

  private labelled(round: number): Labelled {
    return this.standing.labelled(randomBits(this.seed, streams.rounds, round, 0), this.options.classes);
  }

  private async fit(labelled: Labelled): Promise<{ fitted: Fitted; calibration?: Calibrated }> {
    const { model, calibrate = 0, signal } = this.options;
    if (calibrate === 0) return { fitted: await learn(model, labelled, signal) };
    return calibrated(model, labelled, calibrate, this.seed, signal);
  }

  private async probing(fitted: Fitted): Promise<Uint32Array> {
    const { data, columns } = await beliefs(fitted, this.probe);
    return predictions(data, labelsOf(fitted, columns));
  }

  private async evaluate(fitted: Fitted): Promise<Metrics> {
    const { validation } = this.options;
    const probed = await this.probing(fitted);
    const agreement = this.probed && agreementOf(this.probed, probed);
    this.probed = probed;
    if (!validation) return { ...agreement };
    const { data, columns } = await beliefs(fitted, validation.features);
    return { ...quality(data, labelsOf(fitted, columns), validation.labels), ...agreement };
  }

  /** What to ask for, written down. */
  private async picks(
    labelled: Labelled,
    fitted: Fitted | undefined,
    calibration: Calibrated | undefined,
  ): Promise<Chosen> {
    const { past, options, standing } = this;
    if (past.open) return { picks: past.open };
    const { start = {}, stop } = options;
    const wanted = standing.known.length + standing.refused.length === 0 ? (start.k ?? options.k) : options.k;
    const k = Math.min(wanted, standing.left, (stop?.budget ?? Infinity) - standing.known.length);
    const temperature = calibration?.temperature ?? 1;
    const found = await choose(options, { labelled, fitted, temperature, k, standing });
    await this.write({ kind: "picks", round: past.rounds, picks: written(found.picks), seconds: this.elapsed() });
    past.open = found.picks;
    return found;
  }

  /** Asks for what is not answered yet, and gives all answers of the round. */
  private async ask(round: number, picks: readonly LoopPick[]): Promise<Answer[]> {
    const { options, past, standing } = this;
    const answers: Answer[] = past.answers
      .filter((answer) => answer.round === round)
      .map(({ row, label }) => ({ row, label }));
    for (const answer of answers) standing.note(answer);
    const done = new Set(answers.map(({ row }) => row));
    const open = picks.filter(({ row }) => !done.has(row));
    if (open.length === 0) return answers;
    const question = { rows: open.map(({ row }) => row), picks: open, round };
    const coming = answersTo(options.oracle, question, options.classes);
    try {
      for (;;) {
        const { done: isOver, value } = await unlessAborted(coming.next(), options.signal);
        if (isOver) return answers;
        await this.write({ kind: "answer", round, ...value, seconds: this.elapsed() });
        standing.note(value);
        answers.push(value);
      }
    } finally {
      // Not waited for: an oracle that does not answer would not end, either.
      void coming.return(undefined).catch(() => {});
    }
  }

  private elapsed(): number {
    return this.seconds + secondsSince(this.began);
  }

  private write(entry: Entry): Promise<void> {
    return this.journal.append(entry);
  }
}

const secondsSince = (started: number): number => (performance.now() - started) / 1000;

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
