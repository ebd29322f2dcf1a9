/** Libraries of npm beside poolwise: that a wrong answer of theirs is said, and one that crashes or hangs takes nothing along. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ask } from "../bench/peers/ask.ts";
import { answerFault, type Judged } from "../bench/peers/check.ts";
import { briefly } from "../src/bench/measure.ts";
import { packed, unpacked } from "../bench/peers/message.ts";
import type { Request } from "../bench/peers/task.ts";

const folder = mkdtempSync(join(tmpdir(), "poolwise-peers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const scores: Judged = {
  strategies: ["entropy", "margin"],
  rows: Uint32Array.of(0, 2),
  expected: Float32Array.of(0.5, 0.6, 0.1, 0.2),
  picks: false,
  drawn: false,
};
const entropy = Float32Array.of(0.5, 9, 0.6);
const margin = Float32Array.of(0.1, 9, 0.2);

test.each([
  { values: [entropy, margin], said: undefined },
  { values: [entropy, Float32Array.of(0.1, 9, 0.2002)], said: /^margin: off by 0\.0002/ },
  { values: [entropy, Float32Array.of(0.1, 9, NaN)], said: /^margin: off by NaN/ },
  { values: [entropy, Float32Array.of(0.1)], said: /^margin: off by NaN/ },
  { values: [entropy], said: /^scores by 1 strategies of 2/ },
])("scores of a library: $said", ({ values, said }) => {
  const fault = answerFault({ values }, scores);
  if (said) expect(fault).toMatch(said);
  else expect(fault).toBeUndefined();
});

test("picks must be as many rows, with the scores that are right", () => {
  const judged = { ...scores, strategies: [], rows: new Uint32Array(), expected: Float32Array.of(3, 2), picks: true };
  expect(answerFault({ values: [Float32Array.of(3, 2)], picks: [7, 5] }, judged)).toBeUndefined();
  expect(answerFault({ values: [Float32Array.of(3, 2)], picks: [7, 7] }, judged)).toBe("1 rows picked, not 2");
  expect(answerFault({ values: [Float32Array.of(3, 1)], picks: [7, 5] }, judged)).toMatch(/^off by 1/);
});

test("masks of its own may move scores, but neither all of them nor one to another's", () => {
  const rows = Uint32Array.from({ length: 100 }, (_, row) => row);
  const right = Float32Array.from(rows, (row) => row / 100);
  const judged: Judged = { strategies: ["bald"], rows, expected: right, picks: false, drawn: true };
  const near = right.map((score, row) => score + (row % 2 ? 0.05 : -0.05));
  expect(answerFault({ values: [near] }, judged)).toBeUndefined();
  expect(answerFault({ values: [near.map((score) => score - 0.1)] }, judged)).toMatch(/on the mean$/);
  expect(answerFault({ values: [right.toReversed()] }, judged)).toMatch(/on average$/);
  expect(answerFault({ values: [right.map(() => 0)] }, judged)).toMatch(/on the mean$/);
});

test("arrays come through a message as they were", () => {
  const message = { name: "x", parts: [{ data: Float32Array.of(1.5, -2) }, { data: Uint32Array.of(7) }], k: 3 };
  const { text, arrays } = packed(message);
  expect(unpacked(text, Buffer.concat(arrays))).toEqual(message);
  expect(() => unpacked(text, Buffer.concat(arrays.slice(1)))).toThrow("ended early");
});

const request: Request = {
  library: "x",
  task: { work: "top-k", data: { data: Float32Array.of(1), shape: [1] }, k: 1 },
  patience: briefly,
};

test.each([
  { does: `console.log("hello"); console.log('{"seconds":[1],"threads":1}')`, said: { seconds: [1], threads: 1 } },
  { does: `throw new Error("out of memory")`, said: { fault: expect.any(String) } },
  { does: `process.kill(process.pid, "SIGSEGV")`, said: { fault: "it ended by SIGSEGV" } },
])("what a process says: $said", async ({ does, said }) => {
  const program = join(folder, "program.mjs");
  writeFileSync(program, does);
  expect(await ask(request, program)).toEqual(said);
});
