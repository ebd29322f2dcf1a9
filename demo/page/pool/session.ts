/**
 * What the panel holds: files, the pool made of them, the work at hand, and what it found.
 *
 * One piece of work at a time. What cannot be read changes nothing; what is found belongs to the files at hand, so other
 * files, or another reading of them, clear it; work that fails or is cancelled leaves what was found before.
 */
import { batch, signal } from "@preact/signals";
import type { Engine, Pool } from "poolwise";
import { loadPool, openSlot, slots, type Files, type Reading, type Slot } from "./files.ts";
import { usual, type Choice } from "./choices.ts";
import { findPicks, findPlane, type Findings, type Plane, type Work } from "./findings.ts";
import { Meter } from "./meter.ts";
import { makeSample } from "./sample.ts";

/** What is left of a session for the next, for as long as the page is: another panel may be looked at in between. */
interface Left {
  /** Files stay where they lie, and a sample is made anew. */
  readonly offered: Partial<Record<Slot, readonly File[]>>;
  readonly sampleRows: number | undefined;
  readonly reading: Reading;
  readonly wanted: Choice;
  readonly columns: Partial<Record<Slot, string>>;
  readonly findings: Findings | undefined;
  readonly plane: Plane | undefined;
}

let left: Left | undefined;

export class Session {
  readonly files = signal<Files>({});
  readonly reading = signal<Reading>({ kind: "logits", invalid: "error" });
  /** What is asked of any pool, as far as it can be. */
  readonly wanted = signal<Choice>(usual);
  /** Names of columns to read of tables, with commas between; all with numbers where there are none. */
  readonly columns = signal<Partial<Record<Slot, string>>>({});
  /** Of the files; none where there are too few, or they do not fit each other. */
  readonly pool = signal<Pool | undefined>(undefined);
  readonly findings = signal<Findings | undefined>(undefined);
  readonly plane = signal<Plane | undefined>(undefined);
  readonly error = signal<unknown>(undefined);
  readonly cancelled = signal(false);
  readonly working = signal(false);
  readonly meter = new Meter();
  /** What was given last, read or refused: other columns of it may be asked for. */
  readonly offered = signal<Partial<Record<Slot, readonly File[]>>>({});
  private readonly engine: Engine;
  private readonly lifetime: AbortSignal;
  private controller = new AbortController();
  private sampleRows: number | undefined;

  /** Begins where the last one was left. Lets go of files and pool when `lifetime` ends. */
  constructor(engine: Engine, lifetime: AbortSignal) {
    this.engine = engine;
    this.lifetime = lifetime;
    lifetime.addEventListener("abort", () => {
      left = this.leave();
      this.cancel();
      void this.take({});
    });
    if (left) void this.goOn(left);
  }

  private leave(): Left {
    const { offered, reading, wanted, columns, findings, plane, sampleRows } = this;
    return {
      offered: offered.value,
      sampleRows,
      reading: reading.value,
      wanted: wanted.value,
      columns: columns.value,
      findings: findings.value,
      plane: plane.value,
    };
  }

  private async goOn({ offered, sampleRows, findings, plane, ...asked }: Left): Promise<void> {
    this.reading.value = asked.reading;
    this.wanted.value = asked.wanted;
    this.columns.value = asked.columns;
    if (sampleRows) await this.openSample(sampleRows);
    for (const slot of slots) {
      const files = offered[slot];
      if (files) await this.open(slot, files);
    }
    if (!this.pool.value || this.error.value || this.cancelled.value) return;
    batch(() => ([this.findings.value, this.plane.value] = [findings, plane]));
  }

  open(slot: Slot, files: readonly File[]): Promise<void> {
    this.offered.value = { ...this.offered.value, [slot]: files };
    const columns = listOf(this.columns.value[slot]);
    const names = files.length > 1 ? `${files.length} files` : files[0].name;
    return this.work(`Opening ${names}`, async ({ signal: ended }) => {
      // One's own rows and those of the sample are no one pool.
      const others = this.files.value.isSample && slot !== "labelled" ? {} : this.files.value;
      await this.take({ ...others, ...(await openSlot(slot, files, { columns, signal: ended })) });
      if (!others.isSample) this.sampleRows = undefined;
    });
  }

  async nameColumns(slot: Slot, columns: string): Promise<void> {
    this.columns.value = { ...this.columns.value, [slot]: columns };
    const files = this.offered.value[slot];
    if (files) await this.open(slot, files);
  }

  openSample(rows: number): Promise<void> {
    return this.work("Making the sample", async ({ signal: ended, tell }) => {
      const made = await makeSample(rows, {
        signal: ended,
        onProgress: (done) => tell("Making the sample", done, rows),
      });
      this.offered.value = {};
      this.sampleRows = rows;
      await this.take({ ...made, isSample: true });
    });
  }

  remove(slot: Slot): Promise<void> {
    this.offered.value = { ...this.offered.value, [slot]: undefined };
    return this.work(`Closing ${slot}`, () => this.take({ ...this.files.value, [slot]: undefined }));
  }

  read(reading: Reading): Promise<void> {
    this.reading.value = reading;
    return this.work("Loading", () => this.take(this.files.value));
  }

  pick(choice: Choice): Promise<void> {
    const pool = this.pool.value!;
    const files = this.files.value;
    const reading = this.reading.value;
    return this.work("Picking", async (work) => {
      this.findings.value = await findPicks(pool, files, choice, reading, work);
      const { embeddings, predictions } = files;
      if (embeddings) this.plane.value ??= await findPlane(embeddings, predictions, reading, work);
    });
  }

  cancel(): void {
    this.controller.abort(new DOMException("cancelled", "AbortError"));
  }

  private async work(label: string, does: (work: Work) => Promise<void>): Promise<void> {
    if (this.working.value) return;
    this.controller = new AbortController();
    const { signal: ended } = this.controller;
    this.working.value = true;
    this.cancelled.value = false;
    this.error.value = undefined;
    this.meter.begin(label);
    try {
      await does({ signal: ended, tell: (stage, done, of) => this.meter.tell(stage, done, of) });
    } catch (error) {
      if (ended.aborted) this.cancelled.value = true;
      else this.error.value = error;
    } finally {
      this.meter.end();
      this.working.value = false;
    }
  }

  /** These files in place of those at hand, which are closed where they are not among them. */
  private async take(next: Files): Promise<void> {
    const before = this.files.value;
    this.findings.value = undefined;
    this.plane.value = undefined;
    this.pool.value?.close();
    await this.pool.value?.released;
    const files = this.lifetime.aborted ? {} : next;
    const kept = [files.predictions, files.embeddings];
    for (const source of [before.predictions, before.embeddings, next.predictions, next.embeddings])
      if (!kept.includes(source)) await source?.close?.();
    let pool: Pool | undefined;
    try {
      pool = await loadPool(this.engine, files, this.reading.value);
    } finally {
      if (this.lifetime.aborted) pool?.close();
      else batch(() => ([this.files.value, this.pool.value] = [files, pool]));
    }
  }
}

function listOf(columns = ""): string[] | undefined {
  const names = columns.split(",").map((name) => name.trim());
  return names.some(Boolean) ? names.filter(Boolean) : undefined;
}
