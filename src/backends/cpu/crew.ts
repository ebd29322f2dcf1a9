/**
 * Threads that call WebAssembly kernels over one shared memory, this one among them.
 *
 * Calls wait in a ring in that memory, and whoever is free takes the next: no message is sent for them. Workers start when
 * there is work for them, sleep without it, and never keep a process alive. Where memory cannot be shared (a page without
 * cross-origin isolation) this thread does everything.
 */
import { othersTurn } from "../../pace.ts";
import { instantiateScore, sharesMemory } from "./simdModule.ts";
import { startWorker, type WorkerHandle } from "./worker.ts";

/** What `simd/score.ts` exports. Places are in bytes. */
export interface ScoreExports {
  score(job: number, slot: number, thread: number): void;
  scratchBytes(job: number): number;
  /** Gives how many scores are not below a bar or no finite number, and writes where they are. */
  sift(scores: number, count: number, bar: number, into: number): number;
}

// Words of the ring: calls that have been posted and that have been taken, then the calls themselves.
const POSTED = 0;
const TAKEN = 1;
const FIRST_CALL = 4;
/** A call: its two arguments, and how it stands. */
const CALL_WORDS = 4;
const STATE = 2;
const CALLS = 512;
const [WAITING, DONE, FAILED] = [0, 1, 2];
const RING_BYTES = 4 * (FIRST_CALL + CALLS * CALL_WORDS);

const PAGE = 2 ** 16;

/** A stretch of the memory that nobody uses. */
interface Gap {
  at: number;
  bytes: number;
}

export class Crew {
  /** That there may be, this one included. */
  readonly threads: number;
  readonly memory: WebAssembly.Memory;
  readonly exports: ScoreExports;
  private readonly gaps: Gap[] = [];
  private workers: WorkerHandle[] = [];
  private failure: Error | undefined;

  private constructor(threads: number, memory: WebAssembly.Memory, exports: ScoreExports) {
    this.threads = threads;
    this.memory = memory;
    this.exports = exports;
    this.gaps.push({ at: RING_BYTES, bytes: memory.buffer.byteLength - RING_BYTES });
  }

  static async open(threads: number): Promise<Crew> {
    const shared = threads > 1 && sharesMemory();
    const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE, shared });
    return new Crew(shared ? threads : 1, memory, await instantiateScore<ScoreExports>(memory));
  }

  /** Room for so many bytes, on a multiple of 64. */
  allocate(bytes: number): number {
    const rounded = Math.ceil(bytes / 64) * 64;
    const gap = this.gaps.find((one) => one.bytes >= rounded) ?? this.grow(rounded);
    const { at } = gap;
    gap.at += rounded;
    gap.bytes -= rounded;
    return at;
  }

  free(at: number, bytes: number): void {
    const { gaps } = this;
    const rounded = Math.ceil(bytes / 64) * 64;
    gaps.push({ at, bytes: rounded });
    gaps.sort((a, b) => a.at - b.at);
    for (let i = gaps.length - 1; i > 0; i--)
      if (gaps[i - 1].at + gaps[i - 1].bytes === gaps[i].at) gaps[i - 1].bytes += gaps.splice(i, 1)[0].bytes;
  }

  /** Has workers take part from now on. */
  async wake(): Promise<void> {
    if (this.workers.length > 0 || this.threads === 1) return;
    this.workers = await Promise.all(
      Array.from({ length: this.threads - 1 }, (_, i) =>
        startWorker({ memory: this.memory, thread: i + 1 }, (error) => (this.failure ??= error)),
      ),
    );
  }

  /** Puts `score(job, slot)` in the ring. The ticket is for `finished`. */
  post(job: number, slot: number): number {
    const { ring } = this;
    const ticket = Atomics.load(ring, POSTED);
    const at = callAt(ticket);
    ring[at] = job;
    ring[at + 1] = slot;
    Atomics.store(ring, at + STATE, WAITING);
    Atomics.add(ring, POSTED, 1);
    Atomics.notify(ring, POSTED, 1);
    return ticket;
  }

  /** Calls that nobody has taken yet. */
  get waiting(): number {
    return Atomics.load(this.ring, POSTED) - Atomics.load(this.ring, TAKEN);
  }

  /** Takes the next call, if there is one. */
  help(): boolean {
    const { ring } = this;
    const taken = Atomics.load(ring, TAKEN);
    if (taken === Atomics.load(ring, POSTED)) return false;
    if (Atomics.compareExchange(ring, TAKEN, taken, taken + 1) !== taken) return true;
    const at = callAt(taken);
    this.exports.score(ring[at], ring[at + 1], 0);
    Atomics.store(ring, at + STATE, DONE);
    return true;
  }

  /** Waits for a call, and makes others on the way. */
  async finished(ticket: number): Promise<void> {
    const at = callAt(ticket) + STATE;
    for (;;) {
      const state = Atomics.load(this.ring, at);
      if (state === DONE) return;
      if (state === FAILED) throw new Error("a kernel of the cpu backend failed in a worker");
      if (this.failure) throw this.failure;
      if (!this.help()) await othersTurn();
    }
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    const { workers } = this;
    this.workers = [];
    await Promise.all(workers.map((worker) => worker.stop()));
  }

  /** A memory that is not shared has another buffer once it has grown. */
  private get ring(): Int32Array {
    return new Int32Array(this.memory.buffer, 0, RING_BYTES / 4);
  }

  private grow(bytes: number): Gap {
    const { memory, gaps } = this;
    const end = memory.buffer.byteLength;
    const last = gaps.at(-1);
    const open = last && last.at + last.bytes === end ? last : { at: end, bytes: 0 };
    if (open !== last) gaps.push(open);
    memory.grow(Math.ceil((bytes - open.bytes) / PAGE));
    open.bytes += memory.buffer.byteLength - end;
    return open;
  }
}

const callAt = (ticket: number): number => FIRST_CALL + (ticket % CALLS) * CALL_WORDS;
