/** Blocks come in order, and the next is being read when one is handed out. */
import { expect, test } from "vitest";
import { InputError } from "../src/errors.ts";
import type { RowSource } from "../src/matrix.ts";
import { readAhead } from "../src/readAhead.ts";
import { openTestEngine } from "./support/engines.ts";

interface Slow extends RowSource {
  /** First rows of the reads that have begun, and that are through. */
  readonly began: number[];
  readonly ended: number[];
  /** Most reads at a time. */
  most: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Each value tells pass, row and column; rows from `broken` on cannot be read. */
function slowRows(rows: number, { passes = 1, cols = 2, ms = 1, broken = Infinity } = {}): Slow {
  return {
    name: "slow rows",
    rows,
    cols,
    passes,
    began: [],
    ended: [],
    most: 0,
    async read(start, count, into) {
      this.began.push(start);
      this.most = Math.max(this.most, this.began.length - this.ended.length);
      expect(into.length).toBe(passes * count * cols);
      await pause(ms);
      this.ended.push(start);
      if (start + count > broken) throw new InputError(`slow rows: row ${broken} is damaged`);
      for (let i = 0; i < into.length; i++) {
        const [pass, row] = [Math.floor(i / count / cols), start + (Math.floor(i / cols) % count)];
        into[i] = 10_000 * pass + 10 * row + (i % cols);
      }
    },
  } as Slow;
}

test.each([1, 2, 3, 7, 12, 13, 100])("blocks of %i rows hold all rows in order", async (blockRows) => {
  for (const passes of [1, 3]) {
    const source = slowRows(12, { passes, cols: 3 });
    let next = 0;
    for await (const { first, rows, values } of readAhead(source, blockRows)) {
      expect([first, rows]).toEqual([next, Math.min(blockRows, 12 - next)]);
      // What is handed out stays as it is while the next is read.
      await pause(3);
      for (let i = 0; i < passes * rows * 3; i++) {
        const [pass, row] = [Math.floor(i / rows / 3), first + (Math.floor(i / 3) % rows)];
        expect(values[i]).toBe(10_000 * pass + 10 * row + (i % 3));
      }
      next += rows;
    }
    expect(next).toBe(12);
    expect(source.most).toBe(1);
  }
});

test("the next read has begun when a block is handed out, and no more", async () => {
  const source = slowRows(5);
  for await (const { first } of readAhead(source, 1)) {
    expect(source.began).toEqual([0, 1, 2, 3, 4].slice(0, first + 2));
    expect(source.ended).toEqual([0, 1, 2, 3, 4].slice(0, first + 1));
  }
});

test("a read that fails is told of when its block is due", async () => {
  const source = slowRows(6, { broken: 4 });
  const seen: number[] = [];
  const all = (async () => {
    for await (const { first } of readAhead(source, 2)) {
      seen.push(first);
      // Long enough for a rejection that nobody waits for to be noticed.
      await pause(20);
    }
  })();
  await expect(all).rejects.toThrow(new InputError("slow rows: row 4 is damaged"));
  expect(seen).toEqual([0, 2]);
  expect(source.began).toEqual([0, 2, 4]);
});

test("a read that throws at once fails like any other", async () => {
  const source: RowSource = {
    name: "rows",
    rows: 2,
    cols: 1,
    read(start) {
      if (start > 0) throw new InputError("rows: row 1 is damaged");
    },
  };
  const blocks = readAhead(source, 1);
  expect((await blocks.next()).value).toMatchObject({ first: 0, rows: 1 });
  await expect(blocks.next()).rejects.toThrow("rows: row 1 is damaged");
});

test.each([Infinity, 4])("leaving early waits for the read under way, rows from %d on damaged", async (broken) => {
  const source = slowRows(100, { ms: 20, broken });
  for await (const { first } of readAhead(source, 2)) if (first === 2) break;
  expect(source.ended).toEqual([0, 2, 4]);
  const failed = (async () => {
    for await (const { rows } of readAhead(source, 2)) throw new Error(`stopped at ${rows}`);
  })();
  await expect(failed).rejects.toThrow("stopped at 2");
  expect(source.ended).toEqual([0, 2, 4, 0, 2]);
  await pause(30);
  expect(source.began.length).toBe(5);
});

test("reading goes on beside the work", async () => {
  const source = slowRows(12, { ms: 20 });
  for await (const { first } of readAhead(source, 1)) {
    await pause(40);
    // What is due next has been read meanwhile.
    expect(source.ended).toContain(Math.min(first + 1, 11));
  }
});

test("the CPU reads the next rows while it scores", async () => {
  const [rows, cols] = [12, 1 << 17];
  const engine = await openTestEngine("cpu");
  const source = slowRows(rows, { cols, ms: 1 });
  const ahead: boolean[] = [];
  {
    using pool = await engine.load({ logits: source });
    const { timings } = await pool.score("entropy", {
      // Two rows a read.
      onProgress: ({ rows: done }) => void ahead.push(source.began.length > Math.min(done / 2, rows / 2 - 1)),
    });
    expect(timings.upload).toBeGreaterThan(0);
  }
  expect(ahead).toEqual(Array.from({ length: rows }, () => true));
  expect(source.most).toBe(1);
  await engine.close();
});
