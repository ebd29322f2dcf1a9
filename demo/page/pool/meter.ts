/** How far work is, how fast it goes and how long it will take yet. */
import { signal } from "@preact/signals";

export interface Measured {
  readonly label: string;
  /** Undefined of what cannot be counted. */
  readonly count?: {
    readonly done: number;
    readonly of: number;
    /** A second; undefined until there is something to go by. */
    readonly rate?: number;
  };
}

/** Between two looks at it: more than one sees only costs time. */
const EVERY_MS = 100;

export class Meter {
  readonly measured = signal<Measured | undefined>(undefined);
  private label = "";
  private began = { at: 0, done: 0 };
  private last = { at: 0, done: 0 };

  /** Of a piece of work that begins: it cannot be counted yet. */
  begin(label: string): void {
    this.label = "";
    this.measured.value = { label };
  }

  /** A stage has a label of its own, and begins anew where it goes back. */
  tell(label: string, done: number, of: number): void {
    const at = performance.now();
    const isNew = label !== this.label || done < this.last.done;
    if (isNew) [this.label, this.began] = [label, { at, done }];
    if (!isNew && done < of && at - this.last.at < EVERY_MS) return;
    this.last = { at, done };
    const seconds = (at - this.began.at) / 1000;
    const rate = seconds > 0 && done > this.began.done ? (done - this.began.done) / seconds : undefined;
    this.measured.value = { label, count: { done, of, rate } };
  }

  end(): void {
    this.measured.value = undefined;
  }
}
