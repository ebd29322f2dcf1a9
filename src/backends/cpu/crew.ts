/**
 * Threads that call WebAssembly kernels over one shared memory, this one among them.
 *
 * Calls wait in a queue in that memory, and whoever is free takes the next: no message is sent for them. Workers start when
 * there is work for them, sleep without it, and never keep a process alive. Where memory cannot be shared (a page without
 * cross-origin isolation) this thread does everything.
 */
import { InputError } from "../../errors.ts";
import { othersTurn } from "../../pace.ts";
import { compileKernels, instantiateKernels, sharesMemory } from "./simdModule.ts";
import { BOARD_WORDS, boardWords, CALLS, kernels, startWorker, states, type KernelName, type WorkerHandle } from "./worker.ts"; // prettier-ignore

type Kernel = (one: number, other: number, thread: number) => void;

/** What `simd/score.ts` and `simd/distances.ts` export. Places are in bytes. */
export interface CrewExports extends Record<KernelName, Kernel> {
  scratchBytes(job: number): number;
  /** Gives how many scores are not below a bar or no finite number, and writes where they are. */
  sift(scores: number, count: number, bar: number, into: number): number;
  spread(point: number, others: number, count: number, width: number, into: number): void;
  spreadListed(point: number, others: number, list: number, count: number, width: number, into: number): void;
}

const BOARD_BYTES = Math.ceil((4 * BOARD_WORDS) / 64) * 64;

/** Of places in the queue, a power of two. */
const LAST_CALL = CALLS - 1;

/** Bytes of a page, and the most pages. */
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
  readonly exports: CrewExports;
  private readonly gaps: Gap[] = [];
  private workers: WorkerHandle[] = [];
  private floatView = new Float32Array();
  private wordView = new Uint32Array();
  /** Whether workers cannot begin here. */
  private isAlone = false;
  /** Of workers that are being ended because one ended by itself. */
  private ending: Promise<void> = Promise.resolve();
  /** Calls that are not in use. */
  private readonly idle = Array.from({ length: CALLS }, (_, call) => call);
  private readonly underWay = new Set<number>();
  private readonly errors = new Map<number, Error>();

  private constructor(threads: number, memory: WebAssembly.Memory, exports: CrewExports) {
    this.threads = threads;
    this.memory = memory;
    this.exports = exports;
    this.gaps.push({ at: BOARD_BYTES, bytes: memory.buffer.byteLength - BOARD_BYTES });
  }

  static async open(threads: number): Promise<Crew> {
    const shared = threads > 1 && sharesMemory();
    const memory = (shared && tryMemory(true)) || tryMemory(false);
    if (!memory) throw new InputError("the cpu backend finds no address space for its kernels: give the process more");
    return new Crew(
      memory.buffer instanceof ArrayBuffer ? 1 : threads,
      memory,
      await instantiateKernels<CrewExports>(memory),
    );
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

  /** All of the memory, as it is now: once it has grown these are others. */
  get floats(): Float32Array {
    if (this.floatView.buffer !== this.memory.buffer) this.floatView = new Float32Array(this.memory.buffer);
    return this.floatView;
  }

  get words(): Uint32Array {
    if (this.wordView.buffer !== this.memory.buffer) this.wordView = new Uint32Array(this.memory.buffer);
    return this.wordView;
  }

  /** Copies numbers to a place in memory. Gives where they end. */
  write(values: Uint32Array | Int32Array | Float32Array, at: number): number {
    if (values instanceof Float32Array) this.floats.set(values, at / 4);
    else this.words.set(values, at / 4);
    return at + values.byteLength;
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
    if (this.threads === 1 || this.isAlone) return;
    const modules = await compileKernels();
    await this.ending;
    // Nothing is waited for from here on: passes that wake them at the same time start them once.
    if (this.workers.length > 0 || this.isAlone) return;
    try {
      for (let thread = 1; thread < this.threads; thread++)
        this.workers.push(startWorker({ modules, memory: this.memory, thread }, (error) => this.fail(error)));
    } catch {
      // A process may be forbidden to have any.
      this.isAlone = true;
    }
  }

  /** Has a kernel be called by whoever is free. The call is for `finished`. */
  post(kernel: KernelName, one: number, other = 0): number {
    const call = this.idle.pop();
    if (call === undefined) {
      this.exports[kernel](one, other, 0);
      return DONE_ALREADY;
    }
    this.underWay.add(call);
    const { board } = this;
    const at = boardWords.calls + 4 * call;
    board[at] = one;
    board[at + 1] = other;
    board[at + 3] = kernels.indexOf(kernel);
    Atomics.store(board, at + 2, states.waiting);
    // As many places as calls: one that is taken here has been taken out by somebody.
    board[boardWords.queue + (Atomics.load(board, boardWords.posted) & LAST_CALL)] = call;
    Atomics.add(board, boardWords.posted, 1);
    Atomics.notify(board, boardWords.posted, 1);
    return call;
  }

  /** Calls that nobody has taken yet. */
  get waiting(): number {
    // Both count on past 2³¹, from below.
    return (Atomics.load(this.board, boardWords.posted) - Atomics.load(this.board, boardWords.taken)) | 0;
  }

  /** Takes the next call, if there is one. */
  help(): boolean {
    const { board } = this;
    const taken = Atomics.load(board, boardWords.taken);
    if (taken === Atomics.load(board, boardWords.posted)) return false;
    const call = board[boardWords.queue + (taken & LAST_CALL)];
    if (Atomics.compareExchange(board, boardWords.taken, taken, taken + 1) !== taken) return true;
    const at = boardWords.calls + 4 * call;
    try {
      this.exports[kernels[board[at + 3]]](board[at], board[at + 1], 0);
      this.end(call, states.done);
    } catch (error) {
      this.errors.set(call, error as Error);
      this.end(call, states.failed);
    }
    return true;
  }

  /** Waits for a call, once, and makes others on the way. */
  async finished(call: number): Promise<void> {
    if (call === DONE_ALREADY) return;
    const at = boardWords.calls + 4 * call + 2;
    let state: number;
    while ((state = Atomics.load(this.board, at)) === states.waiting) if (!this.help()) await othersTurn();
    const error = this.errors.get(call);
    this.errors.delete(call);
    this.underWay.delete(call);
    this.idle.push(call);
    if (state === states.failed) throw error ?? new Error("a kernel of the cpu backend failed in a worker");
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await this.ending;
    await Promise.all(this.workers.splice(0).map((worker) => worker.stop()));
  }

  /**
   * A worker that ended by itself takes the others with it: nobody knows which call it was at, and what a call writes to is
   * given back once it has failed. The next that wakes them has new ones.
   */
  private fail(error: Error): void {
    const workers = this.workers.splice(0);
    this.ending = Promise.all(workers.map((worker) => worker.stop())).then(() => {
      const { board } = this;
      // None has begun, so none has taken a call: as in a page whose policy forbids them. This thread does without.
      this.isAlone = Atomics.load(board, boardWords.begun) === 0;
      if (this.isAlone) return;
      Atomics.store(board, boardWords.taken, Atomics.load(board, boardWords.posted));
      for (const call of this.underWay) {
        if (Atomics.load(board, boardWords.calls + 4 * call + 2) !== states.waiting) continue;
        this.errors.set(call, error);
        this.end(call, states.failed);
      }
    });
  }

  private end(call: number, state: number): void {
    Atomics.store(this.board, boardWords.calls + 4 * call + 2, state);
  }

  /** A memory that is not shared has another buffer once it has grown. */
  private get board(): Int32Array {
    return new Int32Array(this.memory.buffer, 0, BOARD_WORDS);
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

/** A memory that may become as large as it can, or a quarter of that where there is no room for more. */
function tryMemory(shared: boolean): WebAssembly.Memory | undefined {
  for (const maximum of [PAGE, PAGE / 4])
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  return undefined;
}

/** There were no more calls, and this thread made it at once. */
const DONE_ALREADY = -1;
