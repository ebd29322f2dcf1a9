/** Calls that are under way on something that may be closed, and is released once they have come back. */
import { InputError, mendable } from "./errors.ts";

export class Calls {
  /** Resolves when it is closed, and released. */
  readonly released: Promise<void>;
  /** That have not come back. */
  underWay = 0;
  private readonly closing = new AbortController();
  private release!: () => void;
  /** Whether one of them gives scores away. */
  private isTelling = false;

  constructor(release: () => Promise<void>) {
    this.released = new Promise<void>((resolve) => {
      this.release = () => void release().finally(resolve);
    });
  }

  /** Ends them, with the reason that it was closed. */
  get ended(): AbortSignal {
    return this.closing.signal;
  }

  checkOpen(): void {
    if (this.ended.aborted) throw new InputError("the pool is closed: load it again");
  }

  checkFree(): void {
    this.checkOpen();
    if (this.isTelling)
      throw new InputError("the pool is giving scores away (scoreBlocks): ask it again when that has come back");
  }

  async working<T>(work: () => Promise<T>): Promise<T> {
    this.underWay++;
    try {
      return await work();
    } catch (error) {
      throw mendable(error);
    } finally {
      this.underWay--;
      if (this.ended.aborted && this.underWay === 0) this.release();
    }
  }

  /** Until this has come back, there is to be no other. */
  async telling<T>(work: () => Promise<T>): Promise<T> {
    this.isTelling = true;
    try {
      return await work();
    } finally {
      this.isTelling = false;
    }
  }

  /** Ends calls that are under way, and releases once they have come back. */
  close(): void {
    if (this.ended.aborted) return;
    this.closing.abort(new InputError("the pool was closed while it was at work: load it again"));
    if (this.underWay === 0) this.release();
  }
}
