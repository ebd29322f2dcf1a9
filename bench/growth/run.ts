/** A sweep on every backend: each point's result is checked before it is timed, as everywhere. */
import type { ShortReport } from "../batches/short.ts";
import pc from "picocolors";
import type { Subject } from "../../src/bench/backends.ts";
import { rowsTimed, short } from "../../src/bench/cases.ts";
import { makePool } from "../../src/bench/data.ts";
import type { Patience, Spread } from "../../src/bench/measure.ts";
import { referenceOf } from "../../src/bench/reference.ts";
import type { Report } from "../../src/bench/report.ts";
import { timeCase } from "../../src/bench/time.ts";
import { judgeOf } from "../batches/checks.ts";
import { makePool as makeBatchPool } from "../batches/data.ts";
import { runBackend } from "../batches/run.ts";
import { fitPower, type Fit } from "./fit.ts";
import type { Sweep } from "./sweeps.ts";

/** What `npm run bench` leaves behind. */
export interface FullReport extends Report {
  readonly growth: GrowthReport[];
  /** Distances and clusters. */
  short?: ShortReport;
}

export interface GrowthReport extends Pick<Sweep, "by" | "work" | "theory" | "atMost"> {
  readonly curves: readonly Curve[];
}

export type Curve = { readonly backend: string; readonly software: boolean } & (
  | { readonly wrong: string }
  | { readonly points: readonly Point[]; readonly fit: Fit }
);

export interface Point {
  readonly size: number;
  /** That were timed. */
  readonly rows: number;
  /** Of a warm pass, in seconds. */
  readonly warm: Spread;
  readonly runs: number;
  readonly floorOverMeasured: number;
}

/** Rows of a device that is software: so many times fewer. */
const FEWER = 10;
export const growthPatience: Patience = { runs: 5, seconds: 0.3, most: 30, longest: 6 };

export async function runSweep(
  sweep: Sweep,
  subjects: readonly Subject[],
  waiting: Patience,
  fewer = 1,
): Promise<GrowthReport> {
  const curves: Curve[] = [];
  for (const subject of subjects) curves.push(await curveOf(sweep, subject, waiting, fewer));
  const { by, work, theory, atMost } = sweep;
  return { by, work, theory, atMost, curves };
}

async function curveOf(sweep: Sweep, subject: Subject, waiting: Patience, fewer: number): Promise<Curve> {
  const { engine, software } = subject;
  const about = { backend: engine.backend, software };
  const points: Point[] = [];
  for (const size of sweep.sizes) {
    const point = await pointOf(sweep, size, subject, waiting, fewer * (software ? FEWER : 1));
    if ("wrong" in point) return { ...about, wrong: `${sweep.by} ${size}: ${point.wrong}` };
    points.push(point);
  }
  const fit = fitPower(points.map(({ size, warm }) => ({ size, seconds: warm.median })));
  return { ...about, points, fit };
}

async function pointOf(
  sweep: Sweep,
  size: number,
  subject: Subject,
  waiting: Patience,
  fewer: number,
): Promise<Point | { readonly wrong: string }> {
  const one = sweep.at(size, fewer);
  if ("rule" in one) {
    const pool = makeBatchPool(one);
    const result = await runBackend(subject, one, pool, judgeOf(one, pool), waiting);
    if ("wrong" in result) return result;
    const { warm, runs, floorOverMeasured } = result;
    return { size, rows: one.rows, warm, runs, floorOverMeasured };
  }
  const made = makePool(one);
  const rows = rowsTimed(one, subject.engine.backend === "webgpu" && !subject.software);
  const result = await timeCase(one, rows, made, referenceOf(one, made), subject, waiting);
  if ("wrong" in result) return result;
  const { warm, runs, floorOverMeasured } = result;
  return { size: sweep.by === "rows" ? one.rows : size, rows, warm, runs, floorOverMeasured };
}

/** Exponents beside what theory has, and the points they are from. */
export function growthLines({ by, work, theory, atMost, curves }: GrowthReport): string {
  const said = `theory: ${atMost ? "at most " : ""}${theory}`;
  return [
    `${pc.bold(`as ${by} grow${by === "k" || by === "|L|" ? "s" : ""}`)}: ${work}; ${said}`,
    ...curves.map(curveLine),
  ].join("\n");
}

function curveLine(curve: Curve): string {
  const by = `  ${`${curve.backend}${curve.software ? " (software)" : ""}`.padEnd(18)}`;
  if ("wrong" in curve) return by + pc.red(`WRONG, not timed: ${curve.wrong.split("\n", 1)[0]}`);
  const { points, fit } = curve;
  const times = points.map(
    ({ size, warm }) => `${size.toLocaleString("en-US")}: ${(1000 * warm.median).toPrecision(3)}`,
  );
  const fixed = new Set(points.map(({ rows }) => rows)).size === 1 ? `, of ${short(points[0].rows)} rows` : "";
  return `${by}size^${fit.exponent.toFixed(2)} ± ${fit.standardError.toFixed(2)}, at the end size^${fit.last.toFixed(2)}; ms${fixed} at ${times.join(", ")}`;
}
