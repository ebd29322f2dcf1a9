/** The WebGPU backend: kernels in float32 over resident chunks, and the bound that makes their picks exact. */
import { classesOf } from "../../head.ts";
import type { Strategy } from "../../strategy.ts";
import {
  passesFor,
  type Backend,
  type BackendPool,
  type InvalidRows,
  type PassOptions,
  type PoolInput,
  type ScorePass,
  type TellScores,
} from "../backend.ts";
import type { PointData } from "../distances.ts";
import { DeviceClusters } from "./clusters.ts";
import { DevicePoints } from "./devicePoints.ts";
import { needsOf, rowsAChunk } from "./deviceRoom.ts";
import { DeviceDistances } from "./distances.ts";
import { NoRoomError, usage, type Gpu } from "./gpu.ts";
import { closeHead, uploadHead } from "./layers.ts";
import { frameFor, newReport, REPORT_BYTES, scorePool, type DevicePool, type Segment } from "./scoring.ts";
import { Candidates, HISTOGRAM_BYTES } from "./selection.ts";
import { exact, slackAt, slackOf, type Slack } from "../slack.ts";
import type { Tally } from "./program.ts";
import { openTrainer } from "./trainer.ts";
import { tuningWithin, type Tuning } from "./tuning.ts";
import { ChunkedRows } from "./upload.ts";

/** What is left of the bytes that a pool may take each time that the device runs out of memory, down to these. */
const LESS_ROOM = 4;
const LEAST_ROOM = 2 ** 18;

export function webgpuBackend(gpu: Gpu, adapter: string, tuning: Tuning): Backend {
  return {
    name: "webgpu",
    adapter,
    threads: 1,
    load: (input) => openPool(gpu, tuning, input),
    train: (setup) => openTrainer(gpu, tuning, setup),
    close: async () => gpu.close(),
  };
}

/** A pool of this input, over the rows of an earlier one where they are laid out alike. */
function devicePool(gpu: Gpu, tuning: Tuning, input: PoolInput, earlier?: DevicePool): DevicePool {
  const { source, head } = input;
  const classes = head ? classesOf(head) : source.cols;
  const chunkRows = rowsAChunk(gpu, tuning, input, classes);
  const isLaidOut = earlier !== undefined && earlier.input.source === source && earlier.chunkRows === chunkRows;
  if (earlier && !isLaidOut) earlier.chunks.close();
  if (earlier?.head) closeHead(earlier.head);
  return {
    gpu,
    tuning,
    input,
    classes,
    chunks: isLaidOut ? earlier.chunks : new ChunkedRows(gpu, tuning, source, chunkRows),
    chunkRows,
    head: head && uploadHead(gpu, head),
  };
}

function openPool(gpu: Gpu, tuning: Tuning, input: PoolInput): BackendPool {
  let pool = devicePool(gpu, tuning, input);

  /** Points as they are, and scaled for the cosine. */
  const devicePoints = new Map<boolean, Promise<DevicePoints>>();
  let pointBytes = 0;
  const pointsOn = (points: PointData): Promise<DevicePoints> => {
    const isScaled = points.metric === "cosine";
    const known = devicePoints.get(isScaled);
    if (known) return known;
    const left = { ...pool.tuning, allPointBytes: pool.tuning.allPointBytes - pointBytes };
    const opened = DevicePoints.open(gpu, left, points, input.storage);
    devicePoints.set(isScaled, opened);
    opened.then(
      ({ bytes }) => (pointBytes += bytes),
      () => devicePoints.delete(isScaled),
    );
    return opened;
  };

  /** Makes do with less of the device's memory; false where that would be too little. */
  const shrink = (): boolean => {
    const room = pool.tuning.room / LESS_ROOM;
    if (room < LEAST_ROOM) return false;
    pool.chunks.close();
    const { head } = pool;
    pool = devicePool(gpu, tuningWithin(tuning, room), pool.input);
    if (head) closeHead(head);
    return true;
  };
  let last: Promise<unknown> = Promise.resolve();
  /** One pass over the pool after the other; one that the device has no room for is made again in smaller pieces. */
  const inTurn = <T>(pass: () => Promise<T>): Promise<T> => {
    const own = last.then(async () => {
      for (;;)
        try {
          return await pass();
        } catch (error) {
          if (!(error instanceof NoRoomError) || !shrink()) throw error;
        }
    });
    last = own.catch(() => {});
    return own;
  };

  /** Scores by strategies of which all need gradients, or none does, or the given ones. */
  const scoreTogether = (
    strategies: readonly Strategy[],
    options: PassOptions,
    tell: TellScores,
    tally: Tally = "none",
  ): Promise<ScorePass & { state: ArrayBuffer }> => {
    const slots = Math.max(1, strategies.length);
    /** Rows that have been told of: a pass that is made again goes on there. */
    let told = 0;
    return inTurn(async () => {
      const report = newReport(gpu);
      const started = performance.now();
      let readback = 0;
      const consume = async ({ first, rows, scores }: Segment): Promise<void> => {
        await gpu.finished();
        const reading = performance.now();
        const [bytes] = await gpu.read([scores, rows * slots * 4]);
        readback += (performance.now() - reading) / 1000;
        if (first + rows <= told) return;
        const known = Math.max(0, told - first);
        const found = Array.from({ length: slots }, (_, slot) => new Float32Array(bytes, slot * rows * 4, rows));
        await tell(
          first + known,
          found.map((own) => own.subarray(known)),
        );
        told = first + rows;
      };
      try {
        const upload = await scorePool(pool, { strategies, options, tally, report, consume });
        const kernel = (performance.now() - started) / 1000 - upload - readback;
        const [state] = await gpu.read([report, REPORT_BYTES]);
        return { state, invalid: invalidIn(state), timings: { upload, kernel, readback } };
      } finally {
        report.destroy();
      }
    });
  };

  return {
    async scores(strategies, options, tell) {
      const plain = strategies.filter(({ needs }) => needs !== "gradients");
      if (plain.length === strategies.length) return scoreTogether(strategies, options, tell);
      // Gradients are those of the head without dropout: a forward pass of its own.
      const withGradients = strategies.filter(({ needs }) => needs === "gradients");
      if (plain.length === 0) return scoreTogether(withGradients, passesFor(withGradients[0], options), tell);
      const { rows: all } = input.source;
      const { onProgress } = options;
      const held = plain.map(() => new Float32Array(all));
      const firstHalf = { ...options, onProgress: onProgress && ((rows: number) => onProgress(Math.floor(rows / 2))) };
      const first = await scoreTogether(plain, firstHalf, (from, scores) =>
        scores.forEach((own, slot) => held[slot].set(own, from)),
      );
      const secondHalf = {
        ...passesFor(withGradients[0], options),
        onProgress: onProgress && ((rows: number) => onProgress(Math.floor((all + rows) / 2))),
      };
      const second = await scoreTogether(withGradients, secondHalf, (from, scores) => {
        const [mine, theirs] = [held.values(), scores.values()];
        const { length } = scores[0];
        return tell(
          from,
          strategies.map(({ needs }) =>
            needs === "gradients" ? theirs.next().value! : mine.next().value!.subarray(from, from + length),
          ),
        );
      });
      const { upload, kernel, readback } = first.timings;
      return {
        invalid: first.invalid,
        timings: {
          upload: upload + second.timings.upload,
          kernel: kernel + second.timings.kernel,
          readback: readback + second.timings.readback,
        },
      };
    },

    async bounded(strategy, given) {
      const options = passesFor(strategy, given);
      const values = new Float32Array(pool.input.source.rows);
      const { state, ...pass } = await scoreTogether(
        strategy ? [strategy] : [],
        options,
        (first, [scores]) => values.set(scores, first),
        "marks",
      );
      const slack = slackAt(slackIn(pool, strategy, options), new Float32Array(state)[2], new Uint32Array(state)[3]);
      return { ...pass, values, slack };
    },

    candidates: (strategy, selection, given) =>
      inTurn(async () => {
        const options = passesFor(strategy, given);
        const report = newReport(gpu);
        const histogram = gpu.filled(
          "histogram",
          new Uint32Array(HISTOGRAM_BYTES / 4),
          usage.storage | usage.copyTarget,
        );
        const best = new Candidates(pool, selection);
        const consume = (segment: Segment): Promise<void> =>
          best.take(segment, { report, histogram }, slackIn(pool, strategy, options));
        const started = performance.now();
        try {
          const strategies = strategy ? [strategy] : [];
          const tally = "histogram";
          const { taken } = selection;
          const upload = await scorePool(pool, { strategies, options, tally, report, histogram, taken, consume });
          const { settled, readback, judging } = best;
          const kernel = (performance.now() - started) / 1000 - upload - readback - judging;
          const [state] = await gpu.read([report, REPORT_BYTES]);
          return { rows: best.found(), settled, invalid: invalidIn(state), timings: { upload, kernel, readback } };
        } finally {
          report.destroy();
          histogram.destroy();
        }
      }),

    async distances(points, mostCentres) {
      return DeviceDistances.open(await pointsOn(points), mostCentres);
    },

    async clusters(points, rows, k) {
      const all = await pointsOn(points);
      // Sums are of the points as they are.
      return all.isResident && all.storage === "float32" ? DeviceClusters.open(all, rows, k) : undefined;
    },

    needs: (work) => needsOf(pool, work),

    async areResident(metric) {
      return (await devicePoints.get(metric === "cosine"))?.isResident;
    },

    use(next) {
      pool = devicePool(gpu, pool.tuning, next, pool);
    },

    close() {
      for (const opened of devicePoints.values())
        void opened.then(
          (points) => points.close(),
          () => {},
        );
      pool.chunks.close();
      if (pool.head) closeHead(pool.head);
    },
  };
}

const slackIn = (pool: DevicePool, strategy: Strategy | undefined, options: PassOptions): Slack =>
  strategy ? slackOf({ ...pool, additions: frameFor(pool, options).additions }, strategy, options) : exact;

function invalidIn(report: ArrayBuffer): InvalidRows {
  const [count, first] = new Uint32Array(report);
  return { count, first };
}
