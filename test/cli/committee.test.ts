/** Committees by the command line, in one file or in several: what scipy says of their members. */
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type NamedInput, openInput } from "../../src/cli/input.ts";
import { commandLine } from "./commandLine.ts";
import { expectScores } from "./golden.ts";
import { array, matrix, readNpy } from "./npy.ts";

const { done, start, file } = commandLine();

interface Committee {
  readonly name: string;
  readonly kind: string;
  readonly passes: number;
  readonly rows: number;
  readonly classes: number;
  readonly unit: number;
  /** Predictions [passes, rows, classes], in units. */
  readonly data: number[];
  readonly answers: {
    temperature: number;
    expected: Record<string, number[]>;
    /** The rows of the 5 highest scores, ties to the lowest row. */
    picks: Record<string, number[]>;
  }[];
}

const committees: Committee[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "../golden/committees.json"), "utf8"),
);
const strategies = Object.keys(committees[0].answers[0].expected);

describe.each([
  ["plain logits, 2 passes, 3 classes", "bald"],
  ["tied logits, 20 passes, 10 classes", "vote-entropy"],
  ["steep logits, 8 passes, 40 classes", "max-kl"],
  ["plain probabilities, 3 passes, 2 classes", "mean-std"],
  ["with zeros probabilities, 20 passes, 3 classes", "kl-divergence"],
])("%s", (name, ranked) => {
  const { kind, passes, rows, classes, unit, data, answers } = committees.find((one) => one.name === name)!;
  const values = data.map((whole) => whole / unit);
  const shape = [passes, rows, classes];
  const whole = file(`${name}.npy`, array(values, shape));
  const turned = file(`${name}, turned.npy`, array(values, shape, { fortran: true, descr: "<f8" }));
  const members = Array.from({ length: passes }, (_, pass) =>
    file(
      `${name}, ${pass}.npy`,
      array(values.slice(pass * rows * classes, (pass + 1) * rows * classes), [rows, classes], {
        fortran: pass % 2 > 0,
      }),
    ),
  );

  test.each(answers)("temperature $temperature", async ({ temperature, expected, picks }) => {
    const how = ["--kind", kind, "--temperature", `${temperature}`, "--backend", "cpu", "--strategy"];
    const outs = await Promise.all(
      [[whole], [turned], members].map(async (input, i) => {
        const out = file(`${name}, ${i}-out.npy`);
        await done(["score", ...input, ...how, strategies.join(), "--out", out]);
        return out;
      }),
    );
    expect(outs.map((out) => readFileSync(out).equals(readFileSync(outs[0])))).toEqual([true, true, true]);
    const table = readNpy(outs[0]);
    expect(table.shape).toEqual([rows, strategies.length]);
    strategies.forEach((strategy, i) => {
      const scores = table.values.filter((_, at) => at % strategies.length === i);
      expectScores(scores, expected[strategy], "cpu");
    });
    for (const input of [[whole], members]) {
      await done(["select", ...input, ...how, ranked, "-k", "5", "--out", `${name}, picks.npy`]);
      expect(readNpy(file(`${name}, picks.npy`)).values).toEqual(picks[ranked]);
    }
  });
});

test("several files say exactly what one file of all their passes says", async () => {
  const pools = fc.record({
    rows: fc.integer({ min: 1, max: 30 }),
    classes: fc.integer({ min: 1, max: 20 }),
    members: fc.array(fc.record({ passes: fc.integer({ min: 1, max: 4 }), fortran: fc.boolean() }), {
      minLength: 2,
      maxLength: 5,
    }),
    seed: fc.integer(),
  });
  await fc.assert(
    fc.asyncProperty(pools, async ({ rows, classes, members, seed }) => {
      let state = seed;
      const draw = () => ((state = Math.imul(state, 1664525) + 1013904223) >> 8) / 2 ** 20;
      const parts = members.map(({ passes }) => Array.from({ length: passes * rows * classes }, draw));
      const names = members.map(({ passes, fortran }, m) => {
        const shape = passes === 1 ? [rows, classes] : [passes, rows, classes];
        return file(`member-${m}.npy`, array(parts[m], shape, { fortran }));
      });
      const passes = members.reduce((sum, member) => sum + member.passes, 0);
      file("stacked.npy", array(parts.flat(), [passes, rows, classes]));
      const args = ["--strategy", strategies.join(), "--backend", "cpu", "--out"];
      await done(["score", ...names, ...args, "apart.npy"]);
      await done(["score", "stacked.npy", ...args, "together.npy"]);
      expect(readFileSync(file("apart.npy")).equals(readFileSync(file("together.npy")))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

describe("a committee", () => {
  file("one.npy", matrix([[1, 2], [3, 4], [7, 5], [0, 0]])); // prettier-ignore
  file("two.npy", array([2, 1, 3, 4, 6, 5, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8], [2, 4, 2]));
  file("hole.npy", matrix([[1, 2], [3, NaN], [7, 5], [0, 0]])); // prettier-ignore

  test.each([
    ["no committee", "one.npy", undefined],
    ["one file", "two.npy", 2],
    ["several files", "one.npy two.npy", 3],
  ])("says how many passes it has: %s", async (_, input, passes) => {
    const args = `${input} --strategy entropy --backend cpu`;
    const [scored, picked, said, whole] = await Promise.all([
      done(`score ${args} --out told.npy --json`),
      done(`select ${args} -k 1 --out told.csv --json`),
      done(`score ${args} --out told.npy`),
      done(`select ${args} -k 1 --out -`),
    ]);
    for (const { stdout } of [scored, picked, whole]) {
      expect(JSON.parse(stdout).passes).toBe(passes);
      expect(JSON.parse(stdout)).not.toHaveProperty("dropout");
    }
    const by = passes ? `by ${passes} passes ` : "";
    expect(said.stderr).toMatch(new RegExp(`^4 rows × 2 classes scored ${by}in `));
    expect(whole.stderr).toMatch(new RegExp(`^1 of 4 rows picked ${by}in `));
  });

  test("leaves out a row that is invalid in one member", async () => {
    const args = "--strategy entropy --invalid skip --backend cpu --out skipped.npy";
    const { stderr } = await done(`score one.npy hole.npy two.npy ${args}`);
    expect(stderr).toContain("1 invalid rows left out");
    expect(readNpy(file("skipped.npy")).values.map(Number.isNaN)).toEqual([false, true, false, false]);
  });

  test("says the same in a process of its own", async () => {
    const args = "select one.npy two.npy --strategy bald -k 2 --backend cpu --quiet --out -";
    const own = await start(args);
    expect(own).toMatchObject({ code: 0, stderr: "" });
    expect(own.stdout).toContain('"picks"');
    expect(await done(args)).toEqual(own);
  });
});

describe("files that are open", () => {
  const members = ["a", "b", "c"].map((name) => file(`open-${name}.npy`, matrix([[1, 2], [3, 4]]))); // prettier-ignore

  test("are one a member, and closed together", async () => {
    const before = openFiles();
    const input = await openInput(named(members), "score");
    expect(openFiles()).toBe(before + 3);
    await input.close();
    expect(openFiles()).toBe(before);
  });

  test.each([
    ["of other rows", matrix([[1, 2]])],
    ["of one axis", array([1, 2], [2])],
    ["that is none", "text"],
  ])("are closed behind a member %s", async (_, content) => {
    const before = openFiles();
    const last = file("open-last.npy", content);
    await expect(openInput(named([...members, last]), "score")).rejects.toThrow("open-last.npy");
    expect(openFiles()).toBe(before);
  });
});

const openFiles = (): number => readdirSync("/dev/fd").length;

function named(predictions: string[]): NamedInput {
  return { predictions, backend: "cpu", temperature: 1, seed: 0, invalid: "error" };
}
