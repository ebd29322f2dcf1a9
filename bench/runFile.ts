/** What a bench left behind, read to be compared: each thing that was timed, by its name. */
import { readFileSync } from "node:fs";
import { InputError } from "../src/errors.ts";
import type { Spread } from "../src/bench/measure.ts";
import type { About } from "../src/bench/report.ts";

/** What is read of a file, of whatever bench has cases. */
export interface Run extends Pick<About, "machine" | "node" | "backends" | "commit" | "date"> {
  /** Whether it timed few of the rows. */
  readonly quick: boolean;
  readonly cases: readonly RunCase[];
  /** Of distances and clusters, where the bench has them apart. */
  readonly batches: readonly RunCase[];
  /** Points of sweeps. */
  readonly growth: readonly RunCase[];
  /** How `bench:batches` was called. */
  readonly runs?: number;
  readonly rows?: number | null;
}

export interface RunCase {
  readonly name: string;
  readonly rows: number;
  readonly results: readonly Result[];
}

interface Result {
  readonly backend: string;
  /** That were timed, where it was not all of them. */
  readonly rows?: number;
  /** In seconds; none where the answer was wrong. */
  readonly warm?: Spread;
}

type Fields = { readonly [name: string]: unknown };

export function readRun(path: string): Run {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is no JSON" : (error as NodeJS.ErrnoException).code;
    throw new InputError(`${path}: could not be read: ${why}`);
  }
  const refused = (what: string): InputError =>
    new InputError(`${path}: ${what}: give what bench or bench:batches wrote by --json`);
  if (!isRecord(found) || !isRecord(found.machine) || !areRecords(found.backends)) throw refused("not of a bench");
  const short = isRecord(found.short) ? found.short.cases : [];
  const lists = [found.cases, short].map((list) => {
    if (!areRecords(list)) throw refused("its cases are no list");
    for (const one of list) if (!isCase(one)) throw refused(`a case of it, ${String(one.name)}, has no times`);
    return list as unknown as RunCase[];
  });
  const [cases, batches] = lists;
  const growth = pointsOf(found.growth);
  if (growth === undefined) throw refused("its sweeps have no times");
  if (cases.length + batches.length + growth.length === 0) throw refused("it has no cases");
  return { ...(found as unknown as Run), quick: found.quick === true, cases, batches, growth };
}

const isRecord = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const areRecords = (value: unknown): value is Fields[] => Array.isArray(value) && value.every(isRecord);

const isCase = ({ name, rows, results }: Fields): boolean =>
  typeof name === "string" && Number(rows) > 0 && areRecords(results) && results.every(isResult);

/** Wrong ones have no times. */
const isResult = ({ backend, warm }: Fields): boolean =>
  typeof backend === "string" && (warm === undefined || isSpread(warm));

const isSpread = (value: unknown): boolean =>
  isRecord(value) && [value.min, value.median, value.max].every((one) => typeof one === "number" && one > 0);

/** A case for each size of each sweep. */
function pointsOf(growth: unknown = []): RunCase[] | undefined {
  if (!areRecords(growth)) return undefined;
  const cases: RunCase[] = [];
  for (const { by, work, curves } of growth) {
    if (!areRecords(curves)) return undefined;
    for (const { backend, points = [] } of curves) {
      if (!areRecords(points)) return undefined;
      for (const { size, rows, warm } of points) {
        const name = `${by} ${size}: ${work}`;
        const result = { backend, rows, warm };
        if (!isCase({ name, rows, results: [result] })) return undefined;
        const known = cases.find((one) => one.name === name);
        if (known) (known.results as Result[]).push(result as Result);
        else cases.push({ name, rows: rows as number, results: [result as Result] });
      }
    }
  }
  return cases;
}
