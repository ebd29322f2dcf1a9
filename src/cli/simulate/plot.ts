/** Curves with bands as SVG: no script, no request, readable in light and dark. */

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly low?: number; readonly high?: number }[];
  /** What others are held against: drawn dashed. */
  readonly isBaseline?: boolean;
}

const [WIDTH, HEIGHT] = [760, 420];
const MARGIN = { left: 56, right: 16, top: 16, bottom: 44 };
/** Hues that people who see colours differently tell apart (Okabe & Ito 2008), and dashes past their number. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8f6bc4", "#7a7a00"];

/** A plot of all series, with a legend below it. `level` is a line across, with its name. */
export function plot(
  series: readonly Series[],
  axes: { x: string; y: string },
  level?: { name: string; y: number },
): string {
  const all = series.flatMap(({ points }) => points);
  const ys = [...all.flatMap(({ y, low = y, high = y }) => [y, low, high]), ...(level ? [level.y] : [])];
  const x = scale(0, Math.max(...all.map((point) => point.x)), MARGIN.left, WIDTH - MARGIN.right);
  const y = scale(Math.min(...ys), Math.max(...ys), HEIGHT - MARGIN.bottom, MARGIN.top);
  const grid = y.ticks.map(
    (tick) =>
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y.at(tick)}" y2="${y.at(tick)}" class="grid"/>` +
      `<text x="${MARGIN.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${label(tick)}</text>`,
  );
  const below = x.ticks.map(
    (tick) => `<text x="${x.at(tick)}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${label(tick)}</text>`,
  );
  const drawn = series.map((one, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const line = one.points.map((point) => `${x.at(point.x)},${y.at(point.y)}`).join(" ");
    const band = one.points.filter(({ low }) => low !== undefined);
    const edge = [
      ...band.map((point) => `${x.at(point.x)},${y.at(point.high!)}`),
      ...band.toReversed().map((point) => `${x.at(point.x)},${y.at(point.low!)}`),
    ].join(" ");
    return (
      (band.length > 1 ? `<polygon points="${edge}" fill="${colour}" opacity="0.13"/>` : "") +
      `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"${dashOf(one, i)}><title>${escaped(one.name)}</title></polyline>`
    );
  });
  const across = level
    ? `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y.at(level.y)}" y2="${y.at(level.y)}" class="level"/>` +
      `<text x="${WIDTH - MARGIN.right}" y="${y.at(level.y) - 6}" text-anchor="end">${escaped(level.name)}</text>`
    : "";
  const names = series.map(
    (one, i) =>
      `<li><svg width="28" height="10" aria-hidden="true"><line x1="0" x2="28" y1="5" y2="5" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="3"${dashOf(one, i)}/></svg> ${escaped(one.name)}</li>`,
  );
  return `<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(`${axes.y} by ${axes.x}`)}">${grid.join("")}${below.join("")}${across}${drawn.join("")}<text x="${(MARGIN.left + WIDTH) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escaped(axes.x)}</text><text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escaped(axes.y)}</text></svg><ul class="legend">${names.join("")}</ul></figure>`;
}

const dashOf = ({ isBaseline }: Series, i: number): string =>
  isBaseline ? ' stroke-dasharray="7 4"' : i >= COLOURS.length ? ' stroke-dasharray="2 3"' : "";

/** Text that is only ever text. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const label = (value: number): string => String(Number(value.toPrecision(6)));

/** From values to places, and round values to name on the way. */
function scale(low: number, high: number, from: number, to: number): { at(value: number): number; ticks: number[] } {
  const span = high - low || 1;
  const rough = span / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * span; i++) ticks.push(i * step);
  return { at: (value) => Math.round(10 * (from + ((value - low) / span) * (to - from))) / 10, ticks };
}
