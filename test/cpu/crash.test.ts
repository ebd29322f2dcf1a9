/** A kernel that fails, or a worker that dies, fails the calls that are under way and nothing else. */
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Crew } from "../../src/backends/cpu/crew.ts";
import { knownHead, ScoreJob, SLOT_BYTES } from "../../src/backends/cpu/scoreJob.ts";
import { openEngine, type RowSource } from "../../src/index.ts";
import { arraySource } from "../../src/matrix.ts";
import { MOST_PASSES } from "../../src/options.ts";
import { Pace } from "../../src/pace.ts";
import { strategyOf } from "../../src/scores/index.ts";
import { digest } from "../support/digest.ts";
import { bell, makePool, ordinaryHead } from "../support/pools.ts";
import { alive, startedWorkers } from "../support/workers.ts";

const THREADS = 3;
const DIMS = 8;
const data = makePool("features", 1, DIMS, bell(1, 1)).data;
const head = ordinaryHead([DIMS, 256, 4], "relu");
const ended = /^a worker of the cpu backend ended: .*: try again, or with threads 1$/;

let crew: Crew;
beforeEach(async () => {
  crew = await Crew.open(THREADS);
});
afterEach(() => crew.close());

/** A row under a head with dropout: passes take a few microseconds each. */
function begin(passes: number): { job: number; slot: number; call: number; scoreOf(): number } {
  const source = arraySource("features", data, 1, DIMS);
  const options = { temperature: 1, seed: 0, passes, dropout: 0.5, eglLayers: "all", pace: new Pace() } as const;
  const job = new ScoreJob(crew, { kind: "features", source, head }, knownHead(head), [strategyOf("bald")], options); // prettier-ignore
  const [input, scores, slot] = [job.room(4 * DIMS), job.room(4), job.room(SLOT_BYTES)];
  new Float32Array(crew.memory.buffer, input, DIMS).set(data);
  job.fill(slot, 0, 1, input, scores);
  return {
    job: job.at,
    slot,
    call: crew.post("score", job.at, slot),
    scoreOf: () => new Float32Array(crew.memory.buffer, scores, 1)[0],
  };
}

/** Until a worker has all that was posted. */
async function isTaken(): Promise<void> {
  while (crew.waiting > 0) await turn();
}

test("a worker that dies at a call: that fails, with all others that are not done, and the next are done", async () => {
  const workers = startedWorkers();
  const right = begin(50);
  await crew.finished(right.call);
  await crew.wake();
  const long = begin(MOST_PASSES);
  await isTaken();
  const other = begin(MOST_PASSES);
  await isTaken();
  const failures = [long, other].map(({ call }) => expect(crew.finished(call)).rejects.toThrow(ended));
  await workers[0].terminate();
  await Promise.all(failures);
  expect([workers.length, alive(workers)]).toEqual([THREADS - 1, 0]);

  const alone = begin(50);
  await crew.finished(alone.call);
  await crew.wake();
  expect([workers.length, alive(workers)]).toEqual([2 * THREADS - 2, THREADS - 1]);
  const next = begin(50);
  await isTaken();
  await crew.finished(next.call);
  expect([alone.scoreOf(), next.scoreOf()]).toEqual([right.scoreOf(), right.scoreOf()]);
});

test("a worker that dies while it sleeps fails nothing", async () => {
  const workers = startedWorkers();
  await crew.wake();
  await workers[1].terminate();
  const one = begin(50);
  await crew.finished(one.call);
  expect(one.scoreOf()).toBeGreaterThan(0);
});

test.each(["a worker", "this thread"])("a kernel that fails in %s fails its call alone", async (where) => {
  if (where === "a worker") await crew.wake();
  const before = begin(50);
  const bad = crew.post("score", -64, -64);
  if (where === "a worker") await isTaken();
  const after = begin(50);
  await crew.finished(after.call);
  await crew.finished(before.call);
  await expect(crew.finished(bad)).rejects.toThrow(/failed in a worker|memory access out of bounds/);
  expect(after.scoreOf()).toBe(before.scoreOf());
});

test("more calls at a time than there are places for", async () => {
  await crew.wake();
  const all = Array.from({ length: 700 }, () => begin(2));
  for (const { call } of all.toReversed()) await crew.finished(call);
  expect(new Set(all.map(({ scoreOf }) => scoreOf())).size).toBe(1);
});

test("a pool whose workers die in its middle: an error that says so, or its scores; and the next call's are right", async () => {
  const workers = startedWorkers();
  const [rows, cols] = [2 ** 18 + 1, 16];
  let kills = false;
  let dying: Promise<number>[] = [];
  const source: RowSource = {
    name: "rows",
    rows,
    cols,
    async read(start, _, into) {
      if (kills && start > rows / 2) {
        kills = false;
        dying = workers.slice(1 - THREADS).map((worker) => worker.terminate());
      }
      for (let i = 0; i < into.length; i++) into[i] = (start * cols + i) % 31;
    },
  };
  await using engine = await openEngine({ backend: "cpu", threads: THREADS });
  using pool = await engine.load({ logits: source });
  const right = await pool.score("entropy");
  for (let i = 0; i < 5; i++) {
    kills = true;
    await pool.score("entropy").then(
      ({ values }) => expect(digest(values)).toBe(digest(right.values)),
      ({ message }) => expect(message).toMatch(ended),
    );
    // One that dies late would fail the call after it.
    await Promise.all(dying);
    const { values } = await pool.score("entropy");
    expect(kills).toBe(false);
    expect(digest(values)).toBe(digest(right.values));
  }
});

test("many short calls of more threads than there are cores: none is made twice, and none is forgotten", async () => {
  await crew.close();
  crew = await Crew.open(8);
  await crew.wake();
  const one = begin(1);
  await crew.finished(one.call);
  let least = 0;
  for (let round = 0; round < 20_000 && least === 0; round++) {
    const calls = [crew.post("score", one.job, one.slot), crew.post("score", one.job, one.slot)];
    for (const call of calls) await crew.finished(call);
    least = Math.min(least, crew.waiting);
  }
  expect(least).toBe(0);
});
