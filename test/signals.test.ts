/** Whatever takes long ends with the reason of its signal, and leaves nothing behind. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { zipSync } from "fflate";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { heldByProcess } from "./reliability/support/memory.ts";
import { keepRows as keepInBlob } from "../src/files/blobSpool.ts";
import type { Chunks, KeepOptions } from "../src/files/chunks.ts";
import { writeNpy } from "../src/files/npyFiles.ts";
import { openFile, openUrl } from "../src/files/openFile.ts";
import { joinRows } from "../src/files/parts.ts";
import { openRows } from "../src/files/openRows.ts";
import { keepRows } from "../src/files/spool.ts";
import { writeScores } from "../src/files/tables.ts";
import {
  activeLearning,
  fitCommittee,
  fitMlp,
  mlpModel,
  openEngine,
  type Engine,
  type Features,
  type Model,
  type Progress,
  type RowSource,
} from "../src/index.ts";
import { arraySource } from "../src/matrix.ts";
import { Pace } from "../src/pace.ts";
import { randomUniform } from "../src/random.ts";
import { judge } from "../src/referee.ts";
import { scratchFolder } from "./files/scratch.ts";
import { closeServers, serve } from "./files/rangeServer.ts";

const scratch = scratchFolder();
const temporary = scratch("temporary");
const reason = new Error("enough");
const gone = AbortSignal.abort(reason);
/** Far more than any work goes on once it is to end, and far less than it would take. */
const SOON_MS = 10_000;

beforeEach(() => {
  mkdirSync(temporary, { recursive: true });
  vi.stubEnv("TMPDIR", temporary);
});
afterEach(() => {
  vi.unstubAllEnvs();
  closeServers();
});

/** Gives the signal after a while, and holds the work to ending soon after it. */
async function endsSoon(work: (signal: AbortSignal) => Promise<unknown>, ms = 60): Promise<void> {
  const stop = new AbortController();
  let given = Infinity;
  const timer = setTimeout(() => {
    given = performance.now();
    stop.abort(reason);
  }, ms);
  await expect(work(stop.signal)).rejects.toBe(reason);
  clearTimeout(timer);
  expect(performance.now() - given).toBeLessThan(SOON_MS);
}

/** Open files of this process, where the system tells. */
const handles = (): number | undefined =>
  process.platform === "linux" ? readdirSync("/proc/self/fd").length : undefined;

/** Neither a temporary file nor an open one. */
async function leavesNothing(work: () => Promise<void>): Promise<void> {
  const before = handles();
  await work();
  expect(readdirSync(temporary)).toEqual([]);
  await expect.poll(handles).toBe(before);
}

type Keep = (chunks: Chunks, options: KeepOptions) => Promise<RowSource>;
const keeps: [name: string, keep: Keep][] = [
  ["file", keepRows],
  ["blob", keepInBlob],
];

test.each(keeps)("keepRows, %s: ends between two chunks, and the iterable is closed", async (_, keep) => {
  const stop = new AbortController();
  let isClosed = false;
  let given = 0;
  function* endless(): Generator<Float32Array> {
    try {
      for (const chunk = new Float32Array(2 ** 20); ; given++) {
        // By then there is a file.
        if (given === 20) stop.abort(reason);
        yield chunk;
      }
    } finally {
      isClosed = true;
    }
  }
  await leavesNothing(() => expect(keep(endless(), { cols: 4, signal: stop.signal })).rejects.toBe(reason));
  expect({ isClosed, given }).toEqual({ isClosed: true, given: 20 });
});

function* forever(): Generator<Float32Array> {
  for (const chunk = new Float32Array(2 ** 10); ;) yield chunk;
}

test.each(keeps)("keepRows, %s: others have their turn", async (_, keep) => {
  await endsSoon((signal) => keep(forever(), { cols: 4, signal }));
});

test.each(keeps)(
  "keepRows, %s: nothing is asked of the iterable where the signal is given already",
  async (_, keep) => {
    let asked = 0;
    function* few(): Generator<Float32Array> {
      asked++;
      yield new Float32Array(4);
    }
    await expect(keep(few(), { cols: 4, signal: gone })).rejects.toBe(reason);
    expect(asked).toBe(0);
  },
);

const line = `${Array.from({ length: 16 }, (_, i) => i / 7).join(",")}\n`;
const text = scratch("long.csv", line.repeat(400_000));
const numbers = scratch("few.npy");
await writeNpy(numbers, [2, 3], [Float32Array.of(1, 2, 3, 4, 5, 6)]);

test("openRows: text ends in its middle, alone and as the second of a pattern", async () => {
  mkdirSync(scratch("parts"));
  writeFileSync(scratch("parts/1.csv"), line);
  writeFileSync(scratch("parts/2.csv"), readFileSync(text));
  for (const place of [text, scratch("parts/*.csv")])
    await leavesNothing(() => endsSoon((signal) => openRows(place, { signal })));
});

test("openFile: text ends in its middle", async () => {
  const blob = new Blob([readFileSync(text)]);
  await endsSoon((signal) => openFile([new Blob([line]), blob], { name: "x.csv", signal }));
});

test("a signal that is given already: no file is opened", async () => {
  await leavesNothing(async () => {
    for (const place of [text, numbers, scratch("*.csv"), scratch("none.npy")])
      await expect(openRows(place, { signal: gone })).rejects.toBe(reason);
    for (const [name, content] of [
      ["x.csv", line],
      ["x.npy", readFileSync(numbers)],
    ] as const)
      await expect(openFile(new Blob([content]), { name, signal: gone })).rejects.toBe(reason);
  });
});

test("the copy that pages are read from ends in its middle", async () => {
  const [rows, dims] = [2 ** 17, 128];
  const plain = scratch("zeros.npy");
  await writeNpy(plain, [rows, dims], [new Float32Array(rows * dims)]);
  const place = scratch("zeros.npz", zipSync({ "x.npy": [readFileSync(plain), { level: 1 }] }));
  const source = await openRows(place);
  await using roomy = await openEngine({ backend: "cpu" });
  using held = await roomy.load({ embeddings: source });
  // Half of them do not fit. What is no longer used counts until it is collected.
  await heldByProcess();
  const host = held.memoryFor({ batch: "k-center" }).host - 2 * rows * dims;
  await using engine = await openEngine({ backend: "cpu", memory: { host } });
  using pool = await engine.load({ embeddings: source });
  expect(pool.memoryFor({ batch: "k-center" })).toMatchObject({ embeddings: "paged" });
  const told: Progress[] = [];
  const onProgress = (progress: Progress): void => void told.push(progress);
  const stop = new AbortController();
  // Looked at once a megabyte: by then there is a file.
  const look = vi.spyOn(AbortSignal.prototype, "throwIfAborted").mockImplementation(function (this: AbortSignal) {
    if (look.mock.calls.length === 50) stop.abort(reason);
    if (this.aborted) throw this.reason;
  });
  await leavesNothing(() =>
    expect(pool.select("k-center", { k: 3, signal: stop.signal, onProgress })).rejects.toBe(reason),
  );
  look.mockRestore();
  expect(told).toEqual([]);
  await heldByProcess();
  expect((await pool.select("k-center", { k: 3 })).picks.map(({ row }) => row)).toEqual([0, 1, 2]);
  await source.close!();
});

test("a part that cannot be copied closes those before it", async () => {
  const { data: _, ...source } = arraySource("x", new Float32Array(4), 2, 2);
  let isClosed = false;
  const first = { ...source, direct: async () => ({ read() {}, close: async () => void (isClosed = true) }) };
  const second = { ...source, direct: (signal?: AbortSignal) => Promise.reject(signal!.reason as Error) };
  await expect(joinRows([first, second]).direct!(gone)).rejects.toBe(reason);
  expect(isClosed).toBe(true);
});

const opens: [name: string, open: (url: string, options: { signal: AbortSignal }) => Promise<RowSource>][] = [
  ["openRows", openRows],
  ["openUrl", openUrl],
];

test.each(opens)("%s: a request that is under way is broken off", async (_, open) => {
  const stop = new AbortController();
  let broken: Promise<unknown> | undefined;
  // Given once the request is there: one that never left would never be seen to break.
  const url = await serve((request) => {
    broken = new Promise((resolve) => request.on("close", resolve));
    stop.abort(reason);
  });
  await expect(open(url, { signal: stop.signal })).rejects.toBe(reason);
  await broken;
});

test.each(opens)("%s: a read makes no further attempt", async (_, open) => {
  const content = readFileSync(numbers);
  let isDown = false;
  let requests = 0;
  const url = await serve((__, response, [first, last]) => {
    requests++;
    if (isDown) response.writeHead(503).end();
    else response.writeHead(206, { "content-range": `bytes ${first}-${last}/${content.length}` }).end(content.subarray(first, last + 1)); // prettier-ignore
  });
  const stop = new AbortController();
  const source = await open(url, { signal: stop.signal });
  isDown = true;
  const reading = source.read(0, 2, new Float32Array(6));
  let before = 0;
  setTimeout(() => {
    before = requests;
    stop.abort(reason);
  }, 50);
  await expect(reading).rejects.toBe(reason);
  await wait(300);
  expect(requests).toBe(before);
  await expect(open(url, { signal: gone })).rejects.toBe(reason);
  expect(requests).toBe(before);
});

test.each([".csv", ".jsonl", ".npy"])(
  "writeScores, %s: no file where the signal is given in the middle",
  async (end) => {
    const folder = scratch(`out${end}`);
    mkdirSync(folder);
    const stop = new AbortController();
    const columns = [new Float32Array(300_000), new Float32Array(300_000)];
    const writing = writeScores(`${folder}/scores${end}`, ["a", "b"], columns, { signal: stop.signal });
    while (readdirSync(folder).length === 0) await wait(0);
    stop.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect(readdirSync(folder)).toEqual([]);
    await expect(writeScores(`${folder}/none/scores${end}`, ["a", "b"], columns, { signal: gone })).rejects.toBe(
      reason,
    );
    expect(readdirSync(folder)).toEqual([]);
  },
);

const ROWS = 400;
const features: Features = {
  data: Float32Array.from({ length: ROWS * 8 }, (_, i) => randomUniform(1, 2, i)),
  rows: ROWS,
  dims: 8,
};
const labels = Uint32Array.from({ length: ROWS }, (_, row) => row % 3);

test("fitMlp ends within an epoch", async () => {
  await endsSoon((signal) => fitMlp({ features, labels, epochs: 1e6, heldOut: 0, signal }));
  await expect(fitMlp({ features, labels, signal: gone })).rejects.toBe(reason);
});

test("fitCommittee ends within a member that is an mlp, and between others", async () => {
  await endsSoon((signal) => fitCommittee({ model: "mlp", features, labels, epochs: 1e6, patience: 1e6, signal }));
  await endsSoon((signal) => fitCommittee({ model: "logistic", members: 1e6, features, labels, signal }));
  await expect(fitCommittee({ model: "logistic", features, labels, signal: gone })).rejects.toBe(reason);
});

const oracle = ({ rows }: { rows: readonly number[] }) => rows.map((row) => labels[row]);

test("a loop ends while its model learns", async () => {
  await using engine = await openEngine({ backend: "cpu" });
  const model: Model = mlpModel({ epochs: 1e6, patience: 1e6 });
  for (const calibrate of [0, 0.3]) {
    using pool = await engine.load({ features });
    await endsSoon(async (signal) => {
      for await (const _ of activeLearning({ pool, model, oracle, k: 60, calibrate, signal }));
    });
  }
});

async function slowPool(engine: Engine) {
  let reads = 0;
  const source: RowSource = {
    name: "slow",
    rows: 2 ** 20,
    cols: 64,
    async read(_, __, into) {
      reads++;
      into.fill(1);
      await wait(5);
    },
  };
  return { pool: await engine.load({ features: source }), reads: () => reads };
}

test("what reads a pool ends between two reads, and the pool goes on", async () => {
  await using engine = await openEngine({ backend: "cpu" });
  const { pool, reads } = await slowPool(engine);
  const rows = Uint32Array.from({ length: 10_000 }, (_, i) => 2 * i);
  const works = [
    (signal: AbortSignal) => pool.fingerprint({ signal }),
    (signal: AbortSignal) => pool.invalidFeatures({ signal }),
    (signal: AbortSignal) => pool.features(rows, { signal }),
  ];
  for (const work of works) {
    await endsSoon(work);
    const before = reads();
    await wait(30);
    expect(reads()).toBe(before);
    await expect(work(gone)).rejects.toBe(reason);
    expect(reads()).toBe(before);
  }
  expect((await pool.features([1, 2])).data).toEqual(new Float32Array(128).fill(1));
});

test("rows that are read at once are not all told of once the signal is given", async () => {
  const rows = 20_000;
  const source = arraySource("scores", new Float32Array(rows), rows, 1);
  const stop = new AbortController();
  const pass = {
    temperature: 1,
    seed: 0,
    passes: 1,
    dropout: 0,
    eglLayers: "all",
    pace: new Pace(stop.signal),
  } as const;
  const all = Uint32Array.from({ length: rows }, (_, row) => row);
  let told = 0;
  const tell = (row: number): void => {
    told++;
    if (row === 1) stop.abort(reason);
  };
  await expect(judge({ kind: "scores", source }, all, undefined, pass, tell)).rejects.toBe(reason);
  expect(told).toBeLessThan(rows / 4);
});
