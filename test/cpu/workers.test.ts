/** Workers start when there is work for them, end with their engine, and a process never waits for them. */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { InputError, openEngine, type Engine, type RowSource } from "../../src/index.ts";
import { ended, fromSource, root } from "../cli/commandLine.ts";
import { scratchFolder } from "../files/scratch.ts";
import { alive, startedWorkers } from "../support/workers.ts";

const THREADS = 3;
const CLASSES = 16;
/** Enough for workers, and not enough. */
const [MANY, FEW] = [2 ** 18 + 1, 2 ** 16];

const logits = (rows: number) => ({ data: new Float32Array(rows * CLASSES), rows, classes: CLASSES });
const open = (): Promise<Engine> => openEngine({ backend: "cpu", threads: THREADS });

async function score(engine: Engine, rows: number): Promise<Float32Array> {
  using pool = await engine.load({ logits: logits(rows) });
  return (await pool.score("margin")).values;
}

test("none before there is work enough, one less than threads after it, none after close", async () => {
  const workers = startedWorkers();
  const engine = await open();
  await score(engine, FEW);
  expect(workers.length).toBe(0);
  await score(engine, MANY);
  await score(engine, MANY);
  expect([workers.length, alive(workers)]).toEqual([THREADS - 1, THREADS - 1]);
  await engine.close();
  await engine.close();
  expect([workers.length, alive(workers)]).toEqual([THREADS - 1, 0]);
});

test("one thread is this one", async () => {
  const workers = startedWorkers();
  await using engine = await openEngine({ backend: "cpu", threads: 1 });
  await score(engine, MANY);
  expect(workers.length).toBe(0);
});

test("passes that begin together share them", async () => {
  const workers = startedWorkers();
  await using engine = await open();
  await Promise.all([score(engine, MANY), score(engine, MANY), score(engine, MANY)]);
  expect(workers.length).toBe(THREADS - 1);
});

test("closing in the middle of a pass ends it and them, and another engine works", async () => {
  const workers = startedWorkers();
  const engine = await open();
  let closing: Promise<void> | undefined;
  const source: RowSource = {
    name: "rows",
    rows: MANY,
    cols: CLASSES,
    async read(start, _, into) {
      if (start > MANY / 2) closing ??= engine.close();
      into.fill(0);
    },
  };
  const pool = await engine.load({ logits: source });
  await expect(pool.score("margin")).rejects.toThrow(
    new InputError("the pool was closed while it was at work: load it again"),
  );
  await closing;
  expect([workers.length, alive(workers)]).toEqual([THREADS - 1, 0]);
  await using next = await open();
  expect((await score(next, MANY)).every((value) => value === 1)).toBe(true);
});

test("engines by the hundred", async () => {
  for (let i = 0; i < 300; i++) {
    await using engine = await openEngine({ backend: "cpu", threads: 1 + (i % 2) });
    await score(engine, 3);
  }
});

const scratch = scratchFolder();
const library = JSON.stringify(pathToFileURL(`${root}/src/index.ts`).href);

test.each([
  ["that closes its engine", "await engine.close();"],
  ["that does not", ""],
  ["that ends in the middle of a pass", 'setTimeout(() => process.exit(0)); await pool.score("margin");'],
])("a process %s ends by itself", async (_, last) => {
  const script = `
    import { openEngine } from ${library};
    const engine = await openEngine({ backend: "cpu", threads: ${THREADS} });
    const [rows, classes] = [${MANY}, ${CLASSES}];
    const pool = await engine.load({ logits: { data: new Float32Array(rows * classes), rows, classes } });
    console.log((await pool.score("margin")).values[rows - 1], engine.threads);
    ${last}`;
  const child = spawn(process.execPath, [...fromSource, scratch("process.mjs", script)], { cwd: root });
  expect(await ended(child)).toEqual({ code: 0, stdout: `1 ${THREADS}\n`, stderr: "" });
});
