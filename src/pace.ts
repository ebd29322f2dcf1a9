/** Long work that lets others have a turn, tells how far it is, and ends when it is told to. */

/**
 * What a call may be at, in this order: embeddings are read and checked, rows scored, their density measured; k-means draws
 * its first centres and assigns rows to centres, once a step; rows are picked. A call skips stages that it has no use for.
 */
export type Stage = "reading" | "scoring" | "density" | "seeding" | "clustering" | "picking";

/** Rows done so far, of how many. A stage that is made several times begins anew each time. */
export interface Progress {
  readonly stage: Stage;
  /** Of `seeding` and `picking`: centres and picks so far. */
  readonly rows: number;
  readonly of: number;
}

/** Work for longer than this keeps a page from answering, and a process from hearing Ctrl-C. */
const LONGEST_MS = 50;

/** Lets others have a turn, and comes back as soon as they had it: browsers make timers wait. */
export const othersTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(0);
  });

export class Pace {
  readonly signal: AbortSignal | undefined;
  private readonly listener: ((progress: Progress) => void) | undefined;
  private since = performance.now();

  constructor(signal?: AbortSignal, listener?: (progress: Progress) => void) {
    this.signal = signal;
    this.listener = listener;
  }

  /** To be waited for between two pieces of work. Tells how far it is; throws the signal's reason once that is given. */
  async turn(progress?: Progress): Promise<void> {
    if (progress) this.tell(progress);
    if (performance.now() - this.since > LONGEST_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      this.since = performance.now();
    }
    this.signal?.throwIfAborted();
  }

  /** Tells how far the work is, where nobody can have a turn. */
  tell(progress: Progress): void {
    this.listener?.(progress);
  }
}
