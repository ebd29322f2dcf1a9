/** What a loop promises to whoever drives it: every kind of oracle and model, and what goes wrong. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  activeLearning,
  answersIn,
  committeeModel,
  expectedErrorReduction,
  InputError,
  logisticModel,
  memoryJournal,
  mlpModel,
  openEngine,
  predictMlp,
  stopWhen,
  type Answers,
  type Engine,
  type Features,
  type Head,
  type Journal,
  type LoopOptions,
  type Model,
  type Oracle,
  type Picker,
  type PickerContext,
  type Question,
  type Round,
} from "../../src/index.ts";
import { openJournal } from "../../src/node.ts";
import { scratchFolder } from "../files/scratch.ts";
import { makeBlobs } from "../support/blobs.ts";

const scratch = scratchFolder();

const CLASSES = 3;
const { features, labels } = makeBlobs(1, 300, CLASSES, 4, 2);
const truth: Oracle = ({ rows }) => rows.map((row) => labels[row]);

const neverAsked: Oracle = () => expect.unreachable("is asked");

const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

const slowTruth: Oracle = async ({ rows }) => (await wait(), rows.map((row) => labels[row]));

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ backend: "cpu" });
});

type Asked = Partial<LoopOptions> & { data?: Features };

async function run({ data = features, ...options }: Asked): Promise<Round[]> {
  using pool = await engine.load({ features: data });
  const rounds: Round[] = [];
  const asked = { pool, model: logisticModel(), oracle: truth, k: 10, stop: stopWhen.rounds(4), ...options };
  for await (const round of activeLearning(asked)) rounds.push(round);
  return rounds;
}

const lookingAhead = (compared: number): Promise<Round[]> =>
  run({
    strategy: expectedErrorReduction({ form: "lookahead", candidates: 20, evaluation: 50, compared }),
    k: 5,
    stop: stopWhen.rounds(2),
  });

const rowsOf = (rounds: readonly Round[]): number[] => rounds.flatMap(({ picks }) => picks.map(({ row }) => row));

describe("rounds", () => {
  test("ask for k rows, learn from them, and ask for no row twice", async () => {
    const rounds = await run({ validation: makeBlobs(2, 200, CLASSES, 4, 2) });
    expect(rounds.map(({ round, labelled, picks }) => [round, labelled.labels.length, picks.length])).toEqual([
      [0, 0, 10],
      [1, 10, 10],
      [2, 20, 10],
      [3, 30, 10],
      [4, 40, 0],
    ]);
    expect(new Set(rowsOf(rounds)).size).toBe(40);
    expect(rounds[0].fitted).toBeUndefined();
    expect(rounds[0].picks.every(({ reason }) => reason === "the first rows, drawn by lot")).toBe(true);
    expect(rounds[4].metrics.accuracy).toBeGreaterThan(0.8);
    expect(rounds[4].metrics.accuracy).toBeGreaterThanOrEqual(rounds[1].metrics.accuracy!);
    for (const { timings } of rounds.slice(1, 4)) {
      expect(timings.fit).toBeGreaterThan(0);
      expect(timings.pick).toBeGreaterThan(timings.stages!.kernel);
    }
  });

  test("end with the pool", async () => {
    const rounds = await run({ k: 130, stop: undefined });
    expect(rounds.map(({ picks }) => picks.length)).toEqual([130, 130, 40, 0]);
    expect(rounds[3].stop).toBe("no row is left to ask for");
    expect([...rowsOf(rounds)].sort((a, b) => a - b)).toEqual([...labels.keys()]);
  });

  test("ask for no more than the budget", async () => {
    const rounds = await run({ stop: stopWhen.any(stopWhen.budget(23), stopWhen.rounds(9)) });
    expect(rounds.map(({ picks }) => picks.length)).toEqual([10, 10, 3, 0]);
    expect(rounds[3].stop).toBe("23 labels: the budget is spent");
  });

  test.each(["kmeans", "typiclust", "k-center"] as const)("begin with %s", async (by) => {
    const [first] = await run({ start: { by, k: 6 } });
    using pool = await engine.load({ embeddings: features });
    const expected = await pool.select(by, { k: 6, seed: first.labelled.seed });
    expect(rowsOf([first])).toEqual(expected.picks.map(({ row }) => row));
    expect(first.picks[0].reason).toBe(`the first rows, by ${by}`);
  });

  test("with another seed are others", async () => {
    expect(rowsOf(await run({ seed: 1 }))).not.toEqual(rowsOf(await run({ seed: 2 })));
    expect(rowsOf(await run({ seed: 1 }))).toEqual(rowsOf(await run({ seed: 1 })));
  });

  test("by random say how likely each pick was", async () => {
    for (const epsilon of [undefined, 0.5]) {
      const rounds = await run({ strategy: "random", epsilon });
      let left = 300;
      for (const { picks } of rounds)
        for (const { probability, explored } of picks) {
          expect(probability).toBeCloseTo(1 / left--, 12);
          expect(explored).toBe(true);
        }
    }
    const [, ranked] = await run({ strategy: "margin" });
    expect(ranked.picks.map(({ probability }) => probability)).toEqual(ranked.picks.map(() => 1));
  });

  test("are drawn by lot while one class is known", async () => {
    const one = [...labels.keys()].filter((row) => labels[row] === 1).slice(0, 5);
    const rounds = await run({ labelled: one.map((row) => ({ row, label: 1 })), stop: stopWhen.rounds(2) });
    expect(rounds[0].picks.every(({ explored, reason }) => explored && /one class is known so far/.test(reason))).toBe(
      true,
    );
    expect(rounds[1].picks[0].reason).toBe("by top-k of entropy");
  });
});

test("two loops may not share a pool, one after the other may", async () => {
  using pool = await engine.load({ features });
  const asked = { pool, model: logisticModel(), oracle: truth, k: 5, stop: stopWhen.rounds(1) };
  const first = activeLearning(asked);
  await first.next();
  await expect(activeLearning(asked).next()).rejects.toThrow(
    new InputError("activeLearning: another loop is at work on this pool: end it, or load the rows again"),
  );
  await first.return();
  expect((await activeLearning(asked).next()).value!.picks).toHaveLength(5);
});

describe("oracles", () => {
  const same: [what: string, oracle: Oracle][] = [
    ["typed array", ({ rows }) => Uint32Array.from(rows, (row) => labels[row])],
    ["promise", async ({ rows }) => (await wait(), rows.map((row) => labels[row]))],
    ["answers", ({ rows }) => rows.map((row) => ({ row, label: labels[row] }))],
    [
      "answers that take their time",
      async function* ({ rows }) {
        for (const row of rows) {
          await wait();
          yield { row, label: labels[row] };
        }
      },
    ],
  ];
  test.each(same)("may give a %s", async (_, oracle) => {
    expect(rowsOf(await run({ oracle }))).toEqual(rowsOf(await run({})));
  });

  test("may answer in any order, which is the order of learning", async () => {
    const rounds = await run({ oracle: ({ rows }) => rows.toReversed().map((row) => ({ row, label: labels[row] })) });
    expect([...rounds[1].labelled.rows]).toEqual(rowsOf([rounds[0]]).toReversed());
  });

  test("may refuse rows, which are not asked for again, and leave others for later, which may be", async () => {
    const asked: number[] = [];
    const oracle: Oracle = ({ rows }) => {
      asked.push(...rows);
      return rows.map((row) =>
        row % 3 === 0 ? null : row % 5 === 0 && !asked.slice(0, -rows.length).includes(row) ? undefined : labels[row],
      );
    };
    const rounds = await run({ oracle, k: 60, stop: undefined });
    const end = rounds[rounds.length - 1];
    expect(end.state.labels).toBe(200);
    expect(end.state.refused).toBe(100);
    const count = (row: number): number => asked.filter((other) => other === row).length;
    for (let row = 0; row < 300; row++) expect(count(row), `row ${row}`).toBe(row % 3 !== 0 && row % 5 === 0 ? 2 : 1);
    expect([...end.labelled.rows].some((row) => row % 3 === 0)).toBe(false);
  });

  test("are told why", async () => {
    const questions: Question[] = [];
    await run({
      oracle: (question) => (questions.push(question), truth(question)),
      stop: stopWhen.rounds(2),
    });
    expect(questions[1].round).toBe(1);
    expect(questions[1].rows).toEqual(questions[1].picks.map(({ row }) => row));
    expect(questions[1].picks[0].reason).toBe("by top-k of entropy");
  });

  const bad: [what: string, answers: (rows: readonly number[]) => unknown, message: RegExp][] = [
    [
      "a class that there is not",
      (rows) => rows.map(() => 3),
      /^oracle: row \d+ is 3: a label is a class from 0 to 2, or null/,
    ],
    ["half a class", (rows) => rows.map(() => 0.5), /is 0.5: a label is a class/],
    ["a word", (rows) => rows.map(() => "cat"), /is "cat": a label is a class/],
    [
      "too few labels",
      (rows) => rows.slice(1).map(() => 0),
      /^oracle: gave 9 labels for 10 rows: give one for each, or undefined$/,
    ],
    [
      "a row that was not asked for",
      () => [{ row: 12345, label: 0 }],
      /^oracle: answered row 12345, which round 0 did not ask for$/,
    ],
    [
      "a row twice",
      ([row]) => [
        { row, label: 0 },
        { row, label: 1 },
      ],
      /^oracle: answered row \d+ twice in round 0$/,
    ],
    ["nothing at all", (rows) => rows.map(() => undefined), /^oracle: answered none of the 10 rows of round 0/],
    [
      "promises",
      (rows) => rows.map(() => Promise.resolve(1)),
      /^oracle: gave a list of promises: wait for all of them/,
    ],
    ["nothing among answers", (rows) => [{ row: rows[0], label: 1 }, null], /^oracle: gave null among its answers/],
    ["a class past 32 bits", (rows) => rows.map(() => 2 ** 32), /is 4294967296: a label is/],
    ["no list", () => 3, /^oracle: gave 3: give a label for each row asked$/],
  ];
  test.each(bad)("may not give %s", async (_, answers, message) => {
    const oracle: Oracle = ({ rows }) => answers(rows) as Answers;
    const promise = run({ oracle, classes: CLASSES });
    await expect(promise).rejects.toThrow(InputError);
    await expect(promise).rejects.toThrow(message);
  });

  test("that throw do not lose the round", async () => {
    const journal = memoryJournal();
    let calls = 0;
    const oracle: Oracle = async function* ({ rows }) {
      for (const row of rows) {
        if (++calls === 15) throw new RangeError("the phone rang");
        yield { row, label: labels[row] };
      }
    };
    await expect(run({ oracle, journal })).rejects.toThrow(new RangeError("the phone rang"));
    const rounds = await run({ oracle, journal });
    // The rest of round 1, 20 of rounds 2 and 3, and the call that threw.
    expect(calls).toBe(41);
    const whole = await run({});
    expect(rounds[0].answers).toEqual(whole[1].answers);
    expect(rounds.map(({ picks }) => picks)).toEqual(whole.slice(1).map(({ picks }) => picks));
  });

  test("are left alone once the signal is given", async () => {
    const stop = new AbortController();
    const oracle: Oracle = () => new Promise(() => setTimeout(() => stop.abort(new Error("enough")), 5));
    await expect(run({ oracle, signal: stop.signal })).rejects.toThrow(new Error("enough"));
    await expect(run({ signal: stop.signal })).rejects.toThrow(new Error("enough"));
  });
});

describe("a journal", () => {
  test("takes a loop up wherever it was left, with the same picks and no question asked twice", async () => {
    const options: Asked = {
      batch: "hybrid",
      epsilon: 0.2,
      calibrate: 0.3,
      seed: 5,
      validation: makeBlobs(2, 50, CLASSES, 4, 2),
    };
    const whole = await run(options);
    for (let leave = 1; leave <= 40; leave++) {
      const journal = memoryJournal();
      const asked: number[] = [];
      const oracle: Oracle = async function* ({ rows }) {
        for (const row of rows) {
          if (asked.length === leave) throw new Error("left");
          asked.push(row);
          yield { row, label: labels[row] };
        }
      };
      if (leave < 40) await expect(run({ ...options, oracle, journal })).rejects.toThrow("left");
      leave += 40;
      const rest = await run({ ...options, oracle, journal });
      leave -= 40;
      expect(asked).toEqual(rowsOf(whole));
      const same = whole.slice(whole.length - rest.length);
      expect(rest.map(({ picks }) => picks)).toEqual(same.map(({ picks }) => picks));
      expect(rest.map(({ metrics }) => metrics)).toEqual(same.map(({ metrics }) => metrics));
      expect(rest.map(({ answers }) => answers)).toEqual(same.map(({ answers }) => answers));
      expect(rest[rest.length - 1].state.metrics).toEqual(whole[4].state.metrics);
    }
  });

  test("of a loop that is over has nothing more to ask", async () => {
    const journal = memoryJournal();
    await run({ journal });
    const [end, ...more] = await run({ journal, oracle: neverAsked });
    expect(more).toEqual([]);
    expect(end.stop).toBe("4 rounds are done");
    expect(end.labelled.labels.length).toBe(40);
  });

  const others: [what: string, options: Asked, message: RegExp][] = [
    [
      "pool",
      { data: makeBlobs(7, 300, CLASSES, 4, 2).features },
      /^journal: is of another pool \([0-9a-f]{16}, this one is [0-9a-f]{16}\): begin a new one$/,
    ],
    [
      "k",
      { k: 11 },
      /^journal: was begun with k 10, this loop has 11: use the same, or begin a new one with its answers \(labelled: answersIn\(journal\)\)$/,
    ],
    ["strategy", { strategy: "margin" }, /with strategy "entropy", this loop has "margin"/],
    ["epsilon", { epsilon: 0.5 }, /with epsilon left out, this loop has 0.5/],
    ["seed", { seed: 9 }, /with seed 0, this loop has 9/],
    [
      "model",
      { model: mlpModel({ hidden: [8] }) },
      /with model "logistic \{\}", this loop has "mlp \{\\"hidden\\":\[8\]\}"/,
    ],
    ["C", { model: logisticModel({ C: 3 }) }, /with model "logistic \{\}", this loop has "logistic \{\\"C\\":3\}"/],
    [
      "validation set",
      { validation: makeBlobs(2, 50, CLASSES, 4, 2) },
      /with validation left out, this loop has "50 rows \([0-9a-f]{16}\)"/,
    ],
    ["beginning", { labelled: [{ row: 3, label: 0 }] }, /with labelled "0 rows \([0-9a-f]+\)", this loop has "1 rows/],
  ];
  const many = makeBlobs(1, 5000, CLASSES, 4, 2);
  const truthOfMany: Oracle = ({ rows }) => rows.map((row) => many.labels[row]);
  const sittingOf = async (data: Features, embeddings: Features | undefined, journal: Journal): Promise<void> => {
    using pool = await engine.load({ features: data, embeddings });
    const stop = stopWhen.rounds(1);
    const asked = { pool, model: logisticModel(), oracle: truthOfMany, k: 5, stop, journal };
    for await (const _ of activeLearning(asked));
  };
  test("of a pool that differs in any row, or in what distances are measured on, is refused", async () => {
    const other = { ...many.features, data: many.features.data.slice() };
    other.data[4 * 4321 + 1] += 1;
    const journal = memoryJournal();
    await sittingOf(many.features, undefined, journal);
    await sittingOf(many.features, undefined, journal);
    await expect(sittingOf(other, undefined, journal)).rejects.toThrow(/^journal: is of another pool/);
    await expect(sittingOf(many.features, other, journal)).rejects.toThrow(/^journal: is of another pool/);
  });

  test.each(others)("of another %s is refused", async (_, options, message) => {
    const journal = memoryJournal();
    await run({ journal });
    await expect(run({ journal, ...options })).rejects.toThrow(message);
  });

  const damaged: [what: string, spoil: (entries: any[]) => object[], message: RegExp][] = [
    ["without its start", ([, ...rest]) => rest, /^journal: does not begin with a start: it is of another kind$/],
    [
      "of a later version",
      ([start, ...rest]) => [{ ...start, version: 2 }, ...rest],
      /^journal: is of version 2, this reads version 1$/,
    ],
    [
      "with a round missing",
      (entries) => entries.filter(({ round }) => round !== 1),
      /^journal: entry 14 does not follow from those before it: restore it from a copy$/,
    ],
    [
      "with an answer to another row",
      (entries) => entries.map((entry) => (entry.kind === "answer" ? { ...entry, row: 999 } : entry)),
      /^journal: entry 3 answers row 999, which was not asked for/,
    ],
    [
      "with an answer twice",
      (entries) => entries.flatMap((entry) => (entry.kind === "answer" ? [entry, entry] : [entry])),
      /^journal: entry 4 answers row \d+ again/,
    ],
    [
      "with picks twice",
      (entries) => entries.flatMap((entry) => (entry.kind === "picks" ? [entry, entry] : [entry])),
      /^journal: entry 3 begins a round in the middle of another/,
    ],
    [
      "with a label that there is not",
      (entries) => entries.map((entry) => (entry.kind === "answer" ? { ...entry, label: 7 } : entry)),
      /^journal: row \d+ is 7: a label is a class from 0 to 2/,
    ],
  ];
  test.each(damaged)("%s is refused", async (_, spoil, message) => {
    const journal = memoryJournal();
    await run({ journal, classes: CLASSES });
    const spoilt: Journal = { entries: spoil([...journal.entries]), append: async () => {} };
    await expect(run({ journal: spoilt, classes: CLASSES })).rejects.toThrow(message);
  });

  test("holds what was decided before anyone is asked, and each answer before the next is waited for", async () => {
    const journal = memoryJournal();
    const oracle: Oracle = async function* ({ rows, picks, round }) {
      const last = journal.entries.at(-1) as { picks: { row: number }[] };
      expect(last).toMatchObject({ kind: "picks", round });
      expect(last.picks.map(({ row }) => row)).toEqual(picks.map(({ row }) => row));
      for (const row of rows) {
        yield { row, label: labels[row] };
        expect(journal.entries.at(-1)).toEqual({
          kind: "answer",
          round,
          row,
          label: labels[row],
          seconds: expect.any(Number),
        });
      }
    };
    await run({ journal, oracle });
    expect(journal.entries.length).toBe(1 + 4 * 12);
  });
});

describe("a loop that is begun again", () => {
  test("with what another was told, from a list that can be read once", async () => {
    const journal = memoryJournal();
    const asked = new Set<number>();
    const first = await run({ journal, oracle: ({ rows }) => rows.map((row, i) => (i === 0 ? null : labels[row])) });
    const told = answersIn(journal);
    expect(told.length).toBe(40);
    expect(told.filter(({ label }) => label === null).length).toBe(4);
    const next = memoryJournal();
    const oracle: Oracle = ({ rows }) => rows.map((row) => (asked.add(row), labels[row]));
    const rounds = await run({ journal: next, oracle, k: 20, labelled: told[Symbol.iterator]() });
    expect(rounds[0].labelled.labels.length).toBe(36);
    expect(rowsOf(first).some((row) => asked.has(row))).toBe(false);
    // The same from a list is the same loop.
    await run({ journal: next, oracle: neverAsked, k: 20, labelled: told });
  });

  test("after an oracle that left all rows for later asks for the same", async () => {
    const journal = memoryJournal();
    const asked: number[][] = [];
    const later: Oracle = ({ rows }) => (asked.push([...rows]), rows.map(() => undefined));
    await expect(run({ journal, oracle: later })).rejects.toThrow(/^oracle: answered none of the 10 rows of round 0/);
    const now: Oracle = ({ rows }) => (asked.push([...rows]), rows.map((row) => labels[row]));
    await run({ journal, oracle: now });
    expect(asked[1]).toEqual(asked[0]);
  });

  test("counts the time of those that died in the middle of a round", async () => {
    const journal = memoryJournal();
    const stop = stopWhen.time(0.2);
    let lives = 0;
    for (;;) {
      const oracle: Oracle = async function* ({ rows }) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        yield { row: rows[0], label: labels[rows[0]] };
        throw new Error("died");
      };
      lives++;
      const end = await run({ journal, oracle, stop, k: 1 }).catch((error: Error) => error.message);
      if (typeof end !== "string") break;
      expect(end).toBe("died");
      expect(lives).toBeLessThan(20);
    }
    expect(lives).toBeGreaterThan(2);
  });

  test("twice at once on one journal is refused", async () => {
    const journal = await openJournal(scratch("shared.jsonl"));
    const both = await Promise.allSettled([run({ journal, oracle: slowTruth }), run({ journal, oracle: slowTruth })]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const { reason } = both.find(({ status }) => status === "rejected") as PromiseRejectedResult;
    expect((reason as Error).message).toMatch(/^activeLearning: another loop is at work on this journal/);
    await journal.close();
    const reopened = await openJournal(scratch("shared.jsonl"));
    await run({ journal: reopened, oracle: neverAsked });
    await reopened.close();
  });

  test("with the same journal, in the same process, goes on", async () => {
    const journal = await openJournal(scratch("again.jsonl"));
    const asked: number[] = [];
    const oracle: Oracle = ({ rows, round }) => {
      if (round === 2 && asked.length === 20) {
        asked.push(-1);
        throw new Error("network");
      }
      asked.push(...rows);
      return rows.map((row) => labels[row]);
    };
    await expect(run({ oracle, journal })).rejects.toThrow("network");
    await run({ oracle, journal });
    expect(asked.filter((row) => row >= 0)).toEqual(rowsOf(await run({})));
    await journal.close();
    const reopened = await openJournal(scratch("again.jsonl"));
    await run({ oracle, journal: reopened });
    await reopened.close();
  });

  test("may have a larger budget", async () => {
    const journal = memoryJournal();
    await run({ journal, stop: stopWhen.budget(20) });
    const rounds = await run({ journal, stop: stopWhen.budget(35) });
    expect(rounds.map(({ picks }) => picks.length)).toEqual([10, 5, 0]);
  });
});

describe("models", () => {
  test("may predict by themselves, several passes at that", async () => {
    const seen: number[] = [];
    const inner = logisticModel();
    const heads: { head: Head }[] = [];
    const { predictCommittee } = await import("../../src/index.ts");
    const model = {
      async fit(labelled: Parameters<typeof inner.fit>[0]) {
        seen.push(labelled.labels.length);
        const weaker = {
          ...labelled,
          labels: labelled.labels.slice(0, -1),
          features: {
            ...labelled.features,
            data: labelled.features.data.slice(0, -4),
            rows: labelled.features.rows - 1,
          },
        };
        heads.splice(0, 2, (await inner.fit(labelled)) as { head: Head }, (await inner.fit(weaker)) as { head: Head });
      },
      predict(rows: Features) {
        const logits = predictCommittee(
          heads.map(({ head }) => head),
          rows,
        );
        const data = logits.data.slice();
        for (let at = 0; at < data.length; at += CLASSES) {
          const e = [...data.subarray(at, at + CLASSES)].map(Math.exp);
          const sum = e.reduce((a, b) => a + b);
          data.set(
            e.map((value) => value / sum),
            at,
          );
        }
        return { ...logits, data };
      },
    };
    const rounds = await run({
      model,
      classes: CLASSES,
      strategy: "bald",
      validation: makeBlobs(2, 50, CLASSES, 4, 2),
    });
    expect(seen).toEqual([10, 20, 30, 40]);
    expect(rounds[1].picks[0].reason).toBe("by top-k of bald");
    expect(rounds[4].metrics.accuracy).toBeGreaterThan(0.7);
    // By hand.
    using pool = await engine.load({ probabilities: await model.predict(features) });
    const labelled = [...rounds[4].labelled.rows];
    expect((await pool.select("top-k", { k: 10, strategy: "bald", labelled })).picks).toHaveLength(10);
  });

  test("with dropout are asked several times", async () => {
    const model = mlpModel({ hidden: [8], dropout: 0.3, epochs: 5 });
    const rounds = await run({ model, classes: CLASSES, strategy: "bald", passes: 4 });
    expect(rounds[1].picks[0].reason).toBe("by top-k of bald");
    expect(rowsOf(rounds)).toEqual(rowsOf(await run({ model, classes: CLASSES, strategy: "bald", passes: 4 })));
  });

  const wrong: [what: string, model: unknown, message: RegExp][] = [
    [
      "nothing",
      { fit: () => undefined },
      /^model: fit must give \{ head \} or \{ predict \}, or the model have predict$/,
    ],
    [
      "a head for other features",
      {
        fit: () => ({
          head: {
            layers: [{ weight: new Float32Array(6), bias: new Float32Array(2), inputs: 3, outputs: 2 }],
            activation: "relu",
          },
        }),
      },
      /does not fit: features have 4 dims/,
    ],
    [
      "predictions for other rows",
      { fit: () => ({ predict: () => ({ data: new Float32Array(2), rows: 1, classes: 2 }) }) },
      /^predict: gave 1 × 1 × 2 for 300 rows/,
    ],
    [
      "too few classes",
      {
        fit: () => ({
          predict: ({ rows }: Features) => ({ data: new Float32Array(2 * rows).fill(0.5), rows, classes: 2 }),
          classes: [1],
        }),
      },
      /^model: has 2 columns and names 1 classes: name one for each$/,
    ],
  ];
  test.each(wrong)("that give %s are refused", async (_, model, message) => {
    await expect(run({ model: model as LoopOptions["model"] })).rejects.toThrow(message);
  });

  test("looked ahead with say how that ranks beside the exact form, without other picks", async () => {
    const [plain, told] = [await lookingAhead(0), await lookingAhead(10)];
    expect(rowsOf(told)).toEqual(rowsOf(plain));
    expect(plain[1].picks[0].reason).toBe("by eer (lookahead, log loss, 20 candidates, 50 evaluation rows)");
    const [, correlation] = /^by eer \(lookahead.*, rank correlation with exact (\S+)$/.exec(told[1].picks[0].reason)!;
    expect(Number(correlation)).toBeGreaterThan(0.5);
    expect(Number(correlation)).toBeLessThanOrEqual(1);
  });

  test("that throw come through as they are", async () => {
    const model = { fit: () => Promise.reject(new TypeError("out of memory")) };
    await expect(run({ model })).rejects.toThrow(new TypeError("out of memory"));
  });
});

test("a model that is sure of everything can be calibrated, too", async () => {
  const inner = logisticModel();
  const model: LoopOptions["model"] = {
    async fit(labelled) {
      const fitted = (await inner.fit(labelled)) as { head: Head };
      return {
        predict(rows) {
          const { data } = predictMlp(fitted, rows);
          const hard = data.map((p, i) =>
            p === Math.max(...data.subarray(3 * Math.floor(i / 3), 3 * Math.floor(i / 3) + 3)) ? 1 : 0,
          );
          return { data: hard, rows: rows.rows, classes: 3 };
        },
      };
    },
  };
  const rounds = await run({ model, classes: CLASSES, calibrate: 0.5, k: 30 });
  expect(rounds[4].calibration!.temperature).toBeGreaterThan(1);
});

describe("what comes in", () => {
  const spoilt = { ...features, data: features.data.slice() };
  spoilt.data[4 * 17 + 2] = NaN;

  test("features that are no numbers stop the loop, by row", async () => {
    await expect(run({ data: spoilt })).rejects.toThrow(/^features: row 17: /);
  });

  test("a validation set that overlaps the pool is counted, round by round", async () => {
    const some = { data: features.data.slice(0, 4 * 150), rows: 150, dims: 4 };
    const rounds = await run({ validation: { features: some, labels: labels.slice(0, 150) } });
    for (const { labelled, overlap } of rounds)
      expect(overlap).toBe([...labelled.rows].filter((row) => row < 150).length);
    expect(rounds[4].overlap).toBeGreaterThan(0);
    const apart = await run({ validation: makeBlobs(2, 50, CLASSES, 4, 2) });
    expect(apart.every(({ overlap }) => overlap === 0)).toBe(true);
  });

  test("rows that are left out are no part of what is drawn from", async () => {
    using pool = await engine.load({ features: spoilt, invalid: "skip" });
    const loop = activeLearning({ pool, model: logisticModel(), oracle: truth, k: 2, stop: stopWhen.rounds(1) });
    for await (const { picks } of loop)
      picks.forEach(({ probability }, i) => expect(probability).toBeCloseTo(1 / (299 - i), 12));
  });

  test("rows that are left out end the pool the same way after a stop", async () => {
    const few = { data: spoilt.data.slice(4 * 10, 4 * 22), rows: 12, dims: 4 };
    const sitting = async (journal: Journal, calls: number): Promise<Round[]> => {
      using pool = await engine.load({ features: few, invalid: "skip" });
      const rounds: Round[] = [];
      const oracle: Oracle = ({ rows }) => {
        if (calls-- === 0) throw new Error("left");
        return rows.map((row) => labels[row]);
      };
      const strategy = expectedErrorReduction({ candidates: 4 });
      for await (const round of activeLearning({
        pool,
        model: logisticModel(),
        oracle,
        strategy,
        k: 7,
        start: { k: 4 },
        journal,
      }))
        rounds.push(round);
      return rounds;
    };
    const whole = await sitting(memoryJournal(), Infinity);
    expect(whole.map(({ picks }) => picks.length)).toEqual([4, 7, 0]);
    const journal = memoryJournal();
    await expect(sitting(journal, 1)).rejects.toThrow("left");
    const rest = await sitting(journal, Infinity);
    expect(rest.map(({ picks }) => picks)).toEqual(whole.slice(1).map(({ picks }) => picks));
  });

  test("rows that are left out end the pool before its last row", async () => {
    using pool = await engine.load({ features: spoilt, invalid: "skip" });
    const rounds: Round[] = [];
    const loop = activeLearning({ pool, model: logisticModel(), oracle: truth, k: 70 });
    for await (const round of loop) rounds.push(round);
    expect(rounds.map(({ picks }) => picks.length)).toEqual([70, 70, 70, 70, 19, 0]);
    expect(rounds[5].stop).toBe("no row is left to ask for");
  });

  test("or are left out, where that is asked for", async () => {
    using pool = await engine.load({ features: spoilt, invalid: "skip" });
    const rounds: Round[] = [];
    const loop = activeLearning({ pool, model: logisticModel(), oracle: truth, k: 30, stop: stopWhen.rounds(3) });
    for await (const round of loop) rounds.push(round);
    expect(rowsOf(rounds)).toHaveLength(90);
    expect(rowsOf(rounds)).not.toContain(17);
  });

  const wrong: [what: string, options: object, message: RegExp][] = [
    ["no pool", { pool: {} }, /^activeLearning: pool must be one that an engine has loaded$/],
    ["no model", { model: {} }, /^activeLearning: model must have fit$/],
    ["no oracle", { oracle: [1] }, /^activeLearning: oracle must be a function$/],
    ["k of 0", { k: 0 }, /^k must be a whole number of at least 1, got 0$/],
    ["a rule that is none", { stop: () => true }, /^stop must be a rule of stopWhen/],
    ["a share of all", { calibrate: 1 }, /^calibrate must be a share of at least 0 and below 1, got 1$/],
    [
      "a row that is not there",
      { labelled: [{ row: 300, label: 0 }] },
      /^labelled: row 300 is not in the pool: rows are 0 to 299$/,
    ],
    [
      "a row twice",
      {
        labelled: [
          { row: 3, label: 0 },
          { row: 3, label: 0 },
        ],
      },
      /^labelled: row 3 is there twice: label it once$/,
    ],
    [
      "a label out of range",
      { classes: 2, labelled: [{ row: 3, label: 2 }] },
      /row 3 is 2: a label is a class from 0 to 1/,
    ],
    [
      "validation features that are no numbers",
      { validation: { features: spoilt, labels } },
      /^validation: features: row 17, dim 2 is NaN/,
    ],
    [
      "validation labels that do not fit",
      { validation: { features, labels: [0] } },
      /^validation: labels: 1 for 300 rows of features/,
    ],
    [
      "validation features of other dims",
      { validation: makeBlobs(2, 50, CLASSES, 5, 2) },
      /^validation: its features have 5 dims, those of the pool 4: give the same$/,
    ],
    ["a strategy that is not known", { strategy: "best" }, /^unknown strategy "best": known are /],
    ["a strategy that picks nothing", { strategy: { name: "mine" } }, /^strategy must be the name of one/],
    ["a rule that is not known", { batch: "best" }, /^unknown batch "best": known are /],
    ["a start that is not known", { start: { by: "margin" } }, /^start.by must be one of random, kmeans, typiclust/],
    ["a temperature of 0", { temperature: 0 }, /^temperature must be between/],
    ["passes below 1", { passes: -1 }, /^passes must be a whole number/],
    ["gradients of no layers", { eglLayers: "none" }, /^eglLayers must be all or last/],
    [
      "a rule with a strategy that it has no use for",
      { strategy: "entropy", batch: "cluster-margin" },
      /^cluster-margin works from margin: leave the strategy out$/,
    ],
    [
      "density of a rule without scores",
      { batch: "k-center", density: 1 },
      /density weighs scores, and k-center does not/,
    ],
    [
      "epsilon of what picks by itself",
      { strategy: expectedErrorReduction(), epsilon: 0.1 },
      /^strategy eer \(exact.+\) picks by itself, without epsilon: leave it out$/,
    ],
    [
      "a rule for what picks by itself",
      { strategy: expectedErrorReduction(), batch: "hybrid" },
      /without batch: leave/,
    ],
    ["an epsilon above 1", { epsilon: 2 }, /^epsilon must be between 0 and 1, got 2$/],
    ["a seed that is none", { seed: -1 }, /^seed must be a whole number/],
    [
      "a target with nothing to measure it on",
      { stop: stopWhen.any(stopWhen.budget(20), stopWhen.target("accuracy", 0.9)) },
      /^stop: goes by what is measured on a validation set, and there is none: give validation$/,
    ],
    [
      "patience with nothing to measure it on",
      { stop: stopWhen.all(stopWhen.patience("logLoss", 2)) },
      /^stop: goes by what is measured on a validation set/,
    ],
  ];
  test.each(wrong)("%s", async (_, options, message) => {
    await expect(run({ oracle: neverAsked, ...options })).rejects.toThrow(message);
  });

  const badPicks: [what: string, pick: (asked: PickerContext) => unknown, message: RegExp][] = [
    [
      "rows with a label",
      ({ taken }) => taken.map((row) => ({ row, score: 0 })),
      /picked row \d+, which cannot be asked for/,
    ],
    ["rows that are not there", () => [{ row: 5000, score: 0 }], /picked row 5000, which cannot be asked for/],
    [
      "rows twice",
      ({ taken }) => [0, 0].map(() => ({ row: taken.includes(9) ? 10 : 9, score: 0 })),
      /picked row \d+ twice/,
    ],
    ["too many", () => Array.from({ length: 300 }, (_, row) => ({ row, score: 0 })), /gave 300 picks: give 1 to 10/],
    ["none", () => [], /gave 0 picks: give 1 to 10/],
    ["nothing", () => undefined, /gave undefined picks/],
  ];
  test.each(badPicks)("a strategy of one's own that picks %s", async (_, pick, message) => {
    const strategy = { name: "mine", pick: async (asked: PickerContext) => pick(asked) } as Picker;
    await expect(run({ strategy })).rejects.toThrow(message);
    await expect(run({ strategy })).rejects.toThrow(/^strategy mine: /);
  });

  test("rows that hold no numbers are no business of a model", async () => {
    const holes = { ...features, data: features.data.slice() };
    const rows = [0, 3, 60, 61, 299];
    for (const row of rows) holes.data[4 * row + 1] = NaN;
    const finite: Model = {
      fit: () => ({
        predict: ({ data, rows: count }: Features) => {
          expect(data.every(Number.isFinite)).toBe(true);
          return { data: new Float32Array(count * 3).fill(1 / 3), rows: count, classes: 3 };
        },
      }),
    };
    for (const model of [committeeModel(), finite]) {
      using pool = await engine.load({ features: holes, invalid: "skip" });
      const loop = activeLearning({ pool, model, oracle: truth, k: 70, classes: 3 });
      const asked: number[] = [];
      for await (const { picks } of loop) asked.push(...picks.map(({ row }) => row));
      expect(asked.length).toBe(295);
      expect(asked.filter((row) => rows.includes(row))).toEqual([]);
    }
  });

  test("rows without a point end the pool like those without features", async () => {
    const points = makeBlobs(4, 300, 3, 2, 1).features;
    points.data[2 * 7] = NaN;
    using pool = await engine.load({ features, embeddings: points, invalid: "skip" });
    const rounds: Round[] = [];
    const loop = activeLearning({ pool, model: logisticModel(), oracle: truth, k: 100, batch: "k-center" });
    for await (const round of loop) rounds.push(round);
    expect(rounds.map(({ picks }) => picks.length)).toEqual([100, 100, 99, 0]);
    expect(rounds[3].stop).toBe("no row is left to ask for");
  });

  test("a pool without a single row of numbers says so", async () => {
    const none = { ...features, data: new Float32Array(features.data.length).fill(NaN) };
    using pool = await engine.load({ features: none, invalid: "skip" });
    const loop = activeLearning({ pool, model: logisticModel(), oracle: truth, k: 5 });
    await expect(loop.next()).rejects.toThrow(/^all 300 rows of the pool hold values that are no numbers$/);
  });

  test.each([
    [[-1], /^row -1 is not in the pool: rows are 0 to 299$/],
    [[NaN, NaN], /^row NaN is not in the pool/],
    [[300], /^row 300 is not in the pool/],
  ])("features of rows %j", async (rows, message) => {
    using pool = await engine.load({ features });
    await expect(pool.features(rows)).rejects.toThrow(message);
  });

  test.each([
    [() => undefined, /^predict: gave undefined/],
    [
      ({ rows }: Features) => ({ data: new Float32Array(rows * 3).fill(2), rows, classes: 3 }),
      /sum to 6: give such as sum to 1/,
    ],
    [({ rows }: Features) => ({ data: new Float32Array(rows * 3).fill(NaN), rows, classes: 3 }), /sum to NaN/],
  ])("what a model predicts of a validation set: %#", async (predict, message) => {
    const model = { fit: () => ({ predict }) } as unknown as Model;
    await expect(run({ model, validation: makeBlobs(2, 50, CLASSES, 4, 2) })).rejects.toThrow(message);
  });

  test("a row with a label that holds no numbers is named by its place in the pool", async () => {
    using pool = await engine.load({ features: spoilt, invalid: "skip" });
    const labelled = [2, 17, 4].map((row) => ({ row, label: labels[row] }));
    const loop = activeLearning({ pool, model: logisticModel(), oracle: truth, k: 5, labelled });
    await expect(loop.next()).rejects.toThrow(/^labelled: row 17 of the pool holds no numbers: leave it out$/);
  });
});
