/** One case on one engine, in Node or in a page. */
import type { Subject } from "./backends.ts";
import type { Case } from "./cases.ts";
import { dataOf, type Made } from "./data.ts";
import { floorOf, workOf } from "./floor.ts";
import { measure, type Patience } from "./measure.ts";
import { dropoutOf, type Reference } from "./reference.ts";
import type { BackendReport } from "./report.ts";

export async function timeCase(
  one: Case,
  rows: number,
  made: Made,
  reference: Reference,
  { engine, software, ceilings: ceilingsOf }: Pick<Subject, "engine" | "software" | "ceilings">,
  waiting: Patience,
): Promise<BackendReport> {
  const { strategies, k } = one;
  const about = { backend: engine.backend, software, rows };
  try {
    using pool = await engine.load(dataOf(made, rows));
    const options = dropoutOf(one);
    const run = async () => {
      if (k !== undefined) return pool.select("top-k", { k, strategy: strategies[0], ...options });
      const scores = await pool.score(strategies, options);
      return { values: scores.map(({ values }) => values), timings: scores[0].timings };
    };
    const result = await measure(run, (answer) => reference.faultIn(answer, rows), waiting);
    if ("wrong" in result) return { ...about, ...result };
    const work = workOf(one, rows);
    const ceilings = await ceilingsOf(made.values);
    const floor = floorOf(work, ceilings);
    return {
      ...about,
      ...result,
      rowsPerSecond: rows / result.warm.median,
      work,
      ceilings,
      floor,
      floorOverMeasured: floor.seconds / result.pass,
      ratios: {},
    };
  } catch (error) {
    // One that breaks off has no right answer either, and the next one may.
    return { ...about, wrong: `it failed: ${(error as Error).message}` };
  }
}
