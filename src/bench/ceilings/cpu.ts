/**
 * How fast threads of WebAssembly can do one thing at all: the floors under every kernel of the CPU backend, measured on
 * the same machine in the same run, in Node or in a browser. The best of some runs counts, for a ceiling is what was
 * reached once.
 */
import { bytesOf } from "../../backends/cpu/simdModule.ts";
import type { Ceilings } from "../floor.ts";
import { modules } from "./simd.gen.ts";
import { startThread, type Thread } from "./worker.ts";

const TRIES = 5;
/** By then the engine has compiled the module at its best, on a busy machine too. */
const SETTLED_MS = 500;
/** A call of about this long: what a message to a thread costs is small beside it. */
const CALL_MS = 20;
/** What a step of each does, in `simd/ceilings.ts`, and how many it takes to find how long one takes. */
const STEP = { multiplyAdds: 48, exps: 32 };
const FIRST_STEPS = 10_000;
/** `read` sums so many bytes at a time. */
const LINE = 128;

/** Threads that run `simd/ceilings.ts`. */
export class CpuCeilings {
  private readonly threads: readonly Thread[];
  private arithmetic: Promise<Pick<Ceilings, "multiplyAdds" | "exps">> | undefined;

  /** With fused multiply-adds where this engine has them. */
  static async open(threads: number): Promise<CpuCeilings> {
    const bytes = [modules.ceilingsFused, modules.ceilings].map(bytesOf).find((each) => WebAssembly.validate(each));
    if (!bytes) throw new Error("this engine has no WebAssembly SIMD");
    return new CpuCeilings(await WebAssembly.compile(bytes), threads);
  }

  private constructor(module: WebAssembly.Module, threads: number) {
    this.threads = Array.from({ length: threads }, () => startThread(module));
  }

  /** Reading is of so many bytes, each thread of its share; arithmetic, the same for all, is measured once. */
  async of(bytes: number): Promise<Ceilings> {
    return { bytes: await this.reading(bytes), ...(await (this.arithmetic ??= this.computing())) };
  }

  private async reading(bytes: number): Promise<number> {
    const share = LINE * Math.ceil(bytes / LINE / this.threads.length);
    await this.all("fill", share);
    return this.bestRate(1, share, (times) => this.all("read", share, times));
  }

  private async computing(): Promise<Pick<Ceilings, "multiplyAdds" | "exps">> {
    const rate = (name: keyof typeof STEP): Promise<number> =>
      this.bestRate(FIRST_STEPS, STEP[name], (steps) => this.all(name, steps));
    return { multiplyAdds: await rate("multiplyAdds"), exps: await rate("exps") };
  }

  /** What all threads together do a second, where a step is `done` of it on each. */
  private async bestRate(first: number, done: number, call: (steps: number) => Promise<void>): Promise<number> {
    const timed = async (steps: number): Promise<number> => {
      const started = performance.now();
      await call(steps);
      return performance.now() - started;
    };
    let best = Infinity;
    let steps = first;
    const began = performance.now();
    for (let i = 0; i < TRIES || performance.now() - began < SETTLED_MS; i++) {
      const took = await timed(steps);
      best = Math.min(best, took / steps);
      steps = Math.max(steps, Math.ceil(CALL_MS / best));
    }
    return ((done * this.threads.length) / best) * 1000;
  }

  /** The same call on every thread at once. The results are looked at, so that the work cannot be left out. */
  private async all(name: string, ...args: number[]): Promise<void> {
    const results = await Promise.all(
      this.threads.map(
        ({ port }) =>
          new Promise<number | undefined>((resolve) => {
            port.addEventListener("message", ({ data }) => resolve(data), { once: true });
            port.postMessage([name, ...args]);
          }),
      ),
    );
    if (results.some(Number.isNaN)) throw new Error("a ceiling was taken over NaN");
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
