/** Cost as a size grows: logarithms of both, so that a power is a straight line and its exponent the slope. */
import { duration } from "../../src/bench/ceilingsTable.ts";
import { short } from "../../src/bench/cases.ts";
import { escaped } from "../../src/cli/simulate/plot.ts";
import type { Curve, GrowthReport } from "../growth/run.ts";

const WIDTH = 340;
const HEIGHT = 240;
const MARGIN = { left: 56, right: 14, top: 12, bottom: 40 };

type Drawn = Extract<Curve, { points: unknown }>;

export function growthFigure(
  { by, work, theory, atMost, curves }: GrowthReport,
  colourOf: (backend: string) => number,
): string {
  const drawn = curves.filter((curve): curve is Drawn => "points" in curve);
  const said = curves.map((curve) => `<li>${legend(curve, colourOf(curve.backend))}</li>`);
  const theoryText = `theory: ${atMost ? "at most " : ""}${by}<sup>${theory}</sup>`;
  const plot = drawn.length > 0 ? plotOf(by, drawn, theory, colourOf) : "";
  return `<figure><figcaption><strong>${escaped(by)}</strong>: ${escaped(work)}; ${theoryText}</figcaption>${plot}<ul class="legend">${said.join("")}</ul></figure>`;
}

function legend(curve: Curve, colour: number): string {
  const name = `<i class="swatch c${colour}"></i>${escaped(curve.backend)}${curve.software ? " (software)" : ""}: `;
  if ("wrong" in curve) return `${name}wrong, not timed: ${escaped(curve.wrong)}`;
  const { exponent, standardError, last } = curve.fit;
  const rows = new Set(curve.points.map((point) => point.rows));
  const of = rows.size === 1 ? ` of ${short([...rows][0])} rows` : "";
  return `${name}<strong>size<sup>${exponent.toFixed(2)}</sup></strong> ± ${standardError.toFixed(2)}${of}, at the end size<sup>${last.toFixed(2)}</sup>`;
}

function plotOf(by: string, curves: readonly Drawn[], theory: number, colourOf: (backend: string) => number): string {
  const points = curves.flatMap((curve) => curve.points);
  const x = scaleOf(points.map(({ size }) => size), MARGIN.left, WIDTH - MARGIN.right); // prettier-ignore
  const y = scaleOf(points.flatMap(({ warm }) => [warm.min, warm.max]), HEIGHT - MARGIN.bottom, MARGIN.top); // prettier-ignore
  const across = y.marks.map((mark) => `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y.at(mark)}" y2="${y.at(mark)}"/><text x="${MARGIN.left - 6}" y="${y.at(mark) + 4}" text-anchor="end">${duration(mark).replace(/\.0+ /, " ")}</text>`); // prettier-ignore
  const below = x.marks.map((mark) => `<text x="${x.at(mark)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${mark < 1000 ? mark : short(mark)}</text>`); // prettier-ignore
  const lines = curves.map(({ backend, points: own, fit: { exponent } }) => {
    const line = own.map(({ size, warm }) => `${x.at(size)},${y.at(warm.median)}`).join(" ");
    const spread = own.map(({ size, warm }) => `<line x1="${x.at(size)}" x2="${x.at(size)}" y1="${y.at(warm.min)}" y2="${y.at(warm.max)}"/>`); // prettier-ignore
    const dots = own.map(({ size, warm }) => `<circle cx="${x.at(size)}" cy="${y.at(warm.median)}" r="3"><title>${size.toLocaleString("en-US")}: ${duration(warm.median)}</title></circle>`); // prettier-ignore
    return `<g class="c${colourOf(backend)}">${spread.join("")}${dots.join("")}<polyline points="${line}"><title>${escaped(backend)}: exponent ${exponent.toFixed(2)}</title></polyline></g>`;
  });
  // As theory has it, from the last point of the first curve backwards.
  const end = curves[0].points[curves[0].points.length - 1];
  const from = Math.max(x.low, end.size * (y.low / end.warm.median) ** (1 / theory));
  const ideal = `<line class="ideal" x1="${x.at(from)}" y1="${y.at(end.warm.median * (from / end.size) ** theory)}" x2="${x.at(end.size)}" y2="${y.at(end.warm.median)}"/>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(`time by ${by}`)}">${across.join("")}${below.join("")}${ideal}${lines.join("")}<text x="${(MARGIN.left + WIDTH) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escaped(by)}</text></svg>`;
}

/** Whole decades on both ends are too wide a frame for two of them: it ends a little beyond the values. */
function scaleOf(values: readonly number[], start: number, stop: number) {
  const [low, high] = [Math.min(...values) / 1.2, Math.max(...values) * 1.2];
  const at = (value: number): number =>
    Number((start + ((stop - start) * Math.log(value / low)) / Math.log(high / low)).toFixed(1));
  const first = Math.ceil(Math.log10(low));
  const marks = Array.from({ length: Math.floor(Math.log10(high)) - first + 1 }, (_, i) => 10 ** (first + i));
  return { low, at, marks };
}
