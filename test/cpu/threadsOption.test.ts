/** How many threads: what is no number of them is refused in one line. */
import { expect, test } from "vitest";
import { InputError, openEngine } from "../../src/index.ts";
import { commandLine } from "../cli/commandLine.ts";
import { matrix } from "../cli/npy.ts";
import { type Mistake, refusing } from "../cli/refusal.ts";

const poolwise = commandLine();
poolwise.file("pool.npy", matrix([[1, 2, 3], [0, 0, 0]])); // prettier-ignore

test.each([0, -1, 1.5, NaN, Infinity, 257, 1000, "2", null])("openEngine refuses %s", async (threads) => {
  const opening = openEngine({ backend: "cpu", threads: threads as number });
  await expect(opening).rejects.toThrow(
    new InputError(`threads must be a whole number from 1 to 256, got ${String(threads)}`),
  );
});

test("1 and 256 are none too few and none too many", async () => {
  for (const threads of [1, 256]) {
    await using engine = await openEngine({ backend: "cpu", threads });
    expect(engine.threads).toBe(threads);
  }
});

const scored = "score pool.npy --strategy margin --backend cpu --out OUT/scores.npy";

test.each<Mistake>([
  ["0", `${scored} --threads 0`, /--threads must be a whole number from 1 to 256, got "0"/],
  ["-1", `${scored} --threads -1`, /--threads .*"?-1"?/],
  ["1.5", `${scored} --threads 1.5`, /--threads .*"1\.5"/],
  ["a word", `${scored} --threads all`, /--threads .*"all"/],
  ["NaN", `info --threads NaN`, /--threads .*"NaN"/],
  ["1000", `${scored} --threads 1000`, /--threads must be a whole number from 1 to 256, got "1000"/],
  [
    "100000 of simulate",
    "simulate --dataset digits --strategies margin -k 5 --rounds 2 --seeds 5000 --backend cpu --out OUT/study --threads 100000",
    /--threads must be a whole number from 1 to 256, got "100000"/,
  ],
])("--threads %s", refusing(poolwise));

test("info tells how many there are", async () => {
  const { stdout } = await poolwise.done("info --backend cpu --threads 3 --json");
  expect(JSON.parse(stdout)).toMatchObject({ backend: "cpu", threads: 3 });
});
