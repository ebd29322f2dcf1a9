import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { InputError } from "../../src/errors.ts";
import { keepRows as keepInBlob, spool as blobSpool } from "../../src/files/blobSpool.ts";
import type { Chunks } from "../../src/files/chunks.ts";
import { keepRows, spool } from "../../src/files/spool.ts";
import { expectInputError, scratchFolder } from "./scratch.ts";

const scratch = scratchFolder();
const folder = join(scratch("."), ".");
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const spools = [
  ["file", spool],
  ["blob", blobSpool],
] as const;

/** More than stays in memory, and rows of 3. */
const LARGE = 2 ** 21 + 1 + 3 * 1001;

test.each(spools)("%s: a few rows are an array, however they come", async (_, keep) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 5 }),
      fc.boolean(),
      async (cols, counts, isAsync) => {
        const all = Float32Array.from({ length: cols * counts.reduce((a, b) => a + b, 0) }, (_value, i) => i);
        if (all.length === 0) return;
        const pieces = isAsync ? slowly(cut(all, cols, counts)) : cut(all, cols, counts);
        const source = await keep("x", cols, pieces);
        expect(source).toMatchObject({ name: "x", cols, rows: all.length / cols });
        expect(source.data).toEqual(all);
        await source.close!();
      },
    ),
    { numRuns: 30 },
  );
});

test.each(spools)("%s: many rows are read again, any range of them", async (_, keep) => {
  vi.stubEnv("TMPDIR", folder);
  const source = await keep("x", 3, counting(LARGE, 3 * 70_001));
  expect(source).toMatchObject({ name: "x", cols: 3, rows: LARGE / 3 });
  expect(source.data).toBeUndefined();
  for (const [start, count] of [
    [0, 5],
    [699_045, 10], // where the first piece ends, in the middle of a row
    [LARGE / 3 - 4, 4],
    [7, 0],
    [100, 690_000],
  ]) {
    const into = new Float32Array(count * 3 + 2).fill(-1);
    await source.read(start, count, into.subarray(1, -1));
    expect(into[0]).toBe(-1);
    expect(into.at(-1)).toBe(-1);
    expect(into.subarray(1, -1).every((value, i) => value === start * 3 + i)).toBe(true);
  }
  const parts = await Promise.all(
    Array.from({ length: 20 }, async (_row, i) => {
      const into = new Float32Array(3);
      await source.read(i * 1000, 1, into);
      return into[0];
    }),
  );
  expect(parts).toEqual(Array.from({ length: 20 }, (_row, i) => i * 3000));
  expect(readdirSync(folder)).toEqual([]);
  await source.close!();
  await source.close!();
});

test.each(spools)("%s: chunks of one value, and chunks that are written over", async (_, keep) => {
  const chunk = new Float32Array(1);
  function* reused() {
    for (let i = 0; i < 10_000; i++) {
      chunk[0] = i;
      yield chunk;
    }
  }
  const source = await keep("x", 1, reused());
  expect(source.data).toEqual(Float32Array.from({ length: 10_000 }, (_value, i) => i));
});

test.each(spools)("%s: what fits exactly stays in memory", async (_, keep) => {
  const source = await keep("x", 1, counting(2 ** 21, 2 ** 19));
  expect(source.data?.length).toBe(2 ** 21);
  expect(source.data?.at(-1)).toBe(2 ** 21 - 1);
});

test.each(spools)("%s: no rows", async (_, keep) => {
  await expectInputError(keep("x.csv", 3, []), "x.csv", /^x\.csv: has no rows$/);
  await expectInputError(keep("x.csv", 3, [new Float32Array(0)]), "x.csv", /has no rows$/);
});

test.each(spools)("%s: half a row, or rows that are not there, are our own fault", async (_, keep) => {
  await expect(keep("x", 3, [new Float32Array(4)])).rejects.toThrow(RangeError);
  const source = await keep("x", 3, counting(LARGE, LARGE));
  for (const [start, count, length] of [
    [LARGE / 3, 1, 3],
    [-1, 1, 3],
    [0, 1, 4],
  ]) {
    await expect((async () => source.read(start, count, new Float32Array(length)))()).rejects.toThrow(RangeError);
  }
  await source.close!();
});

test.each(spools)("%s: what goes wrong on the way comes through, and nothing is left", async (_, keep) => {
  vi.stubEnv("TMPDIR", folder);
  let isEnded = false;
  async function* failing() {
    try {
      yield* counting(LARGE, LARGE);
      yield* counting(LARGE, LARGE);
      throw new InputError("x.csv: line 7 is wrong");
    } finally {
      isEnded = true;
    }
  }
  await expectInputError(keep("x.csv", 3, failing()), "x.csv", /line 7 is wrong/);
  expect(isEnded).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

const keepers = [
  ["file", keepRows],
  ["blob", keepInBlob],
] as const;

test.each(keepers)("%s: what a caller gives is rows, few or many", async (_, keep) => {
  const few = await keep([Float32Array.of(1, 2, 3, 4), new Float32Array(0), Float32Array.of(5, 6)], { cols: 2 });
  expect(few).toMatchObject({ name: "rows", rows: 3, cols: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  const stream = new ReadableStream<Float32Array>({
    start(controller) {
      for (const chunk of counting(LARGE, 3 * 250_001)) controller.enqueue(chunk);
      controller.close();
    },
  });
  const many = await keep(stream, { cols: 3, name: "embeddings" });
  expect(many).toMatchObject({ name: "embeddings", rows: LARGE / 3, cols: 3 });
  for (const row of [LARGE / 3 - 1, 0, LARGE / 3 - 1]) {
    const into = new Float32Array(3);
    await many.read(row, 1, into);
    expect([...into]).toEqual([0, 1, 2].map((c) => 3 * row + c));
  }
  await many.close!();
});

test.each(keepers)("%s: what a caller gives that is no rows is one line", async (_, keep) => {
  const two = new Float32Array(2);
  for (const [given, cols, message] of [
    [[two, [1, 2]], 2, /^rows: chunk 1 is one of the kind Array: give a Float32Array of whole rows$/],
    [[two, new Float64Array(2)], 2, /^rows: chunk 1 is one of the kind Float64Array: /],
    [two, 2, /^rows: chunk 0 is a number: /],
    [[undefined], 2, /^rows: chunk 0 is undefined: /],
    [[two, two, new Float32Array(3)], 2, /^rows: chunk 2 has 3 values, not whole rows of 2: check cols$/],
    [[], 2, /^rows: has no rows$/],
    [[new Float32Array(0)], 2, /^rows: has no rows$/],
    [null, 2, /^rows: expected an iterable of Float32Arrays, sync or async, got null$/],
    [{ data: two }, 2, /^rows: expected an iterable of Float32Arrays, sync or async, got one of the kind Object$/],
    ...[0, -1, 1.5, NaN, undefined, "2"].map((bad) => [[two], bad, /^rows: cols must be a whole number of at least 1/]),
  ] as [Chunks, number, RegExp][])
    await expectInputError(keep(given, { cols }), "rows", message);
});

test.each(keepers)(
  "%s: what a caller's iterable throws comes through as it is, and nothing is left",
  async (_, keep) => {
    vi.stubEnv("TMPDIR", folder);
    const before = readdirSync(folder);
    const thrown = new TypeError("the encoder is gone");
    let ended = 0;
    async function* failing(last: () => Float32Array) {
      try {
        yield* counting(2 * LARGE, LARGE);
        yield last();
      } finally {
        ended++;
      }
    }
    const fail = (): never => {
      throw thrown;
    };
    await expect(keep(failing(fail), { cols: 3 })).rejects.toBe(thrown);
    const half = keep(
      failing(() => new Float32Array(4)),
      { cols: 3 },
    );
    await expectInputError(half, "rows", /^rows: chunk 2 has 4 values, not whole rows of 3: check cols$/);
    expect(ended).toBe(2);
    expect(readdirSync(folder)).toEqual(before);
  },
);

test.each(spools)("%s: what is closed is said to be", async (_, keep) => {
  const source = await keep("x", 3, counting(LARGE, LARGE));
  const direct = await source.direct?.();
  await source.close!();
  const row = new Float32Array(3);
  await expectInputError((async () => source.read(0, 1, row))(), "x", /^x: is closed: open it again$/);
  if (direct) expect(() => direct.read(0, 1, row)).toThrow(new InputError("x: is closed: open it again"));
});

test.each(keepers)("%s: options that are none", async (_, keep) => {
  for (const [options, said] of [
    [undefined, "undefined"],
    [null, "null"],
    [768, "a number"],
  ])
    await expectInputError(
      keep([new Float32Array(3)], options as never),
      "rows",
      new RegExp(`^rows: expected options with cols, such as \\{ cols: 768 \\}, got ${String(said)}$`),
    );
});

test("a folder for temporary files that is not there", async () => {
  vi.stubEnv("TMPDIR", scratch("missing"));
  await expectInputError(
    spool("x.csv", 3, counting(LARGE, LARGE)),
    "x.csv",
    /could not be kept in .*missing, the folder that TMPDIR names: no such file or folder; check the path$/,
  );
  const few = await spool("x.csv", 3, [new Float32Array(3)]);
  expect(few.rows).toBe(1);
});

test.each([
  ["ENOSPC", "no space left on the device; free some or choose another folder"],
  ["EFBIG", "the file gets larger than its folder or a limit allows; choose another folder or raise the limit"],
])("a disk that takes no more: %s", async (code, said) => {
  vi.stubEnv("TMPDIR", folder);
  const { open } = await import("node:fs/promises");
  const handle = await open(scratch("probe", ""), "r");
  const kind = Object.getPrototypeOf(handle) as { writeFile: () => Promise<void> };
  await handle.close();
  vi.spyOn(kind, "writeFile").mockRejectedValue(Object.assign(new Error(`${code}: …`), { code }));
  await expectInputError(
    spool("x.csv", 3, counting(LARGE, LARGE)),
    "x.csv",
    new RegExp(`the folder that TMPDIR names: ${said}$`),
  );
  expect(readdirSync(folder)).toEqual(["probe"]);
});

test("a temporary file is gone even where the process ends at once", () => {
  const module = pathToFileURL(join(import.meta.dirname, "../../src/files/spool.ts")).href;
  const code = `
    import { spool } from ${JSON.stringify(module)};
    const source = await spool("x", 1, [new Float32Array(${LARGE})]);
    if (source.data) throw new Error("was not put away");
    process.kill(process.pid, "SIGKILL");`;
  const empty = scratchFolderWithin("crash");
  const { signal, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...process.env, TMPDIR: empty },
    encoding: "utf8",
  });
  expect(signal, stderr).toBe("SIGKILL");
  expect(readdirSync(empty).filter((name) => name.startsWith("poolwise"))).toEqual([]);
});

test("where an open file keeps its name it is removed when it is closed", async () => {
  vi.stubEnv("TMPDIR", folder);
  vi.spyOn(process, "platform", "get").mockReturnValue("win32");
  const spooled = () => readdirSync(folder).filter((name) => name.startsWith("poolwise-"));
  const listeners = process.listenerCount("exit");
  // tmpdir() asks for the platform when Node starts, so it is still TMPDIR here.
  const source = await spool("x", 3, counting(LARGE, LARGE));
  expect(spooled().length).toBe(1);
  expect(process.listenerCount("exit")).toBe(listeners + 1);
  await source.close!();
  expect(spooled()).toEqual([]);
  expect(process.listenerCount("exit")).toBe(listeners);
});

function scratchFolderWithin(name: string): string {
  const path = scratch(name);
  mkdirSync(path);
  return path;
}

function* cut(all: Float32Array, cols: number, counts: readonly number[]) {
  let done = 0;
  for (const count of counts) yield all.subarray(done * cols, (done += count) * cols);
}

async function* slowly<T>(items: Iterable<T>) {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

/** 0, 1, 2 and so on: all of them are exact below 2^24. */
function* counting(length: number, chunk: number) {
  for (let start = 0; start < length; start += chunk) {
    const values = new Float32Array(Math.min(chunk, length - start));
    for (let i = 0; i < values.length; i++) values[i] = start + i;
    yield values;
  }
}
