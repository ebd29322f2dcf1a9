/** The CPU backend: WebAssembly kernels in float32 on all threads, and the bound that makes their picks exact. */
import type { Strategy } from "../../strategy.ts";
import type { Backend, BackendPool, PassOptions, PoolInput } from "../backend.ts";
import { Candidates } from "./candidates.ts";
import { Crew } from "./crew.ts";
import { MOST_PIECE_ROWS, pieceBytes, scan, type Scan } from "./scan.ts";
import { bestGiven, givenScores } from "./given.ts";
import { Sieve } from "./sieve.ts";
import { knownHead } from "./scoreJob.ts";

/** A worker of its own, measured in Node 20. */
const WORKER_BYTES = 9e6;

/** On so many threads at most; `describe` says what they run on, given how many there are. */
export async function cpuBackend(threads: number, describe: (threads: number) => string): Promise<Backend> {
  const crew = await Crew.open(threads);
  return {
    name: "cpu",
    adapter: describe(crew.threads),
    threads: crew.threads,
    load: (input) => openPool(crew, input),
    close: () => crew.close(),
  };
}

function openPool(crew: Crew, opened: PoolInput): BackendPool {
  let input = opened;
  let head = opened.head && knownHead(opened.head);
  const pass = (strategies: readonly Strategy[], options: PassOptions, settles: boolean, tell: Scan["tell"]) =>
    scan({ crew, input, head, strategies, options, settles, tell });

  return {
    crew,
    scores: (strategies, options, tell) => pass(strategies, options, true, ({ first, values }) => tell(first, values)),
    async bounded(strategy, options) {
      if (!strategy) return givenScores(input, options);
      const values = new Float32Array(input.source.rows);
      let slack = 0;
      const done = await pass([strategy], options, false, ({ first, values: [own], slack: most }) => {
        values.set(own, first);
        slack = Math.max(slack, most);
      });
      return { ...done, values, slack };
    },
    async candidates(strategy, selection, options) {
      if (!strategy) return bestGiven(crew, input, selection, options);
      const { k, taken } = selection;
      const best = new Candidates(k);
      using sieve = new Sieve(crew, MOST_PIECE_ROWS);
      const done = await pass([strategy], options, false, ({ first, values: [own], slack, exactly }) => {
        for (const place of sieve.sift(own, best.barFor(slack))) {
          const row = first + place;
          if (Number.isNaN(own[place])) continue;
          if (((taken[row >>> 5] >>> (row & 31)) & 1) === 0) best.offer(row, own[place], slack, place, exactly);
        }
      });
      return { rows: best.found(), settled: best.settled, ...done };
    },
    needs: () => ({ device: 0, host: (crew.threads - 1) * WORKER_BYTES + pieceBytes(crew.threads) }),
    use(next) {
      input = next;
      head = next.head && knownHead(next.head);
    },
    close() {},
  };
}
