/** Long work that lets others have a turn, and ends when it is told to. */

/** Work for longer than this keeps a page from answering, and a process from hearing Ctrl-C. */
const LONGEST_MS = 50;

export class Pace {
  private readonly signal: AbortSignal | undefined;
  private since = performance.now();

  constructor(signal?: AbortSignal) {
    this.signal = signal;
  }

  /** To be waited for between two pieces of work. Throws the signal's reason once that is given. */
  async turn(): Promise<void> {
    if (performance.now() - this.since > LONGEST_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      this.since = performance.now();
    }
    this.signal?.throwIfAborted();
  }
}
