/** Bars of ratios, in HTML: they are as wide as the screen is, and their names stay readable on a narrow one. */
import { digits } from "../../src/bench/ceilingsTable.ts";
import { escaped } from "../../src/cli/simulate/plot.ts";

export interface BarGroup {
  readonly name: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  /** Of the palette. */
  readonly colour: number;
}

/** From 1 to the right where a value is above it, to the left below it; every power of ten is as long. */
export function ratioBars(groups: readonly BarGroup[]): string {
  const logs = groups.flatMap(({ bars }) => bars.map(({ value }) => Math.log10(value)));
  const [low, high] = [Math.floor(Math.min(0, ...logs)), Math.ceil(Math.max(0.5, ...logs))];
  const at = (log: number): number => (100 * (log - low)) / (high - low);
  const marks = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const axis = marks.map((mark) => ({ at: at(mark), text: `×${mark < 0 ? 10 ** mark : digits(10 ** mark).replace(/\.0+$/, "")}`, strong: mark === 0 })); // prettier-ignore
  return barsOf(groups, axis, (value) => {
    const [one, end] = [at(0), at(Math.log10(value))];
    return [Math.min(one, end), Math.abs(end - one)];
  });
}

/** Shares from 0 to 1, or to the largest if something measured beats what was thought to be the best. */
export function shareBars(groups: readonly BarGroup[]): string {
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const axis = [0, 0.25, 0.5, 0.75, 1].map((mark) => ({
    at: (100 * mark) / most,
    text: String(mark),
    strong: mark === 1,
  }));
  return barsOf(groups, axis, (value) => [0, (100 * value) / most]);
}

interface Mark {
  readonly at: number;
  readonly text: string;
  readonly strong: boolean;
}

function barsOf(
  groups: readonly BarGroup[],
  axis: readonly Mark[],
  place: (value: number) => readonly [left: number, width: number],
): string {
  const lines = axis
    .map(({ at, strong }) => `<i class="mark${strong ? " strong" : ""}" style="left:${percent(at)}"></i>`)
    .join("");
  const names = axis.map(
    ({ at, text, strong }) => `<span class="${strong ? "strong" : ""}" style="left:${percent(at)}">${text}</span>`,
  );
  const rows = groups.map(({ name, bars }) => {
    const drawn = bars.map(({ name: by, value, text, colour }) => {
      const [left, width] = place(value);
      const bar = `<b class="c${colour}" style="left:${percent(left)};width:${percent(width)}"></b>`;
      return `<div class="bar"><span>${escaped(by)}</span><span class="track">${lines}${bar}</span><span class="value">${escaped(text)}</span></div>`;
    });
    return `<section class="group"><h3>${escaped(name)}</h3>${drawn.join("")}</section>`;
  });
  const head = `<div class="bar axis" aria-hidden="true"><span></span><span class="track">${names.join("")}</span><span class="value"></span></div>`;
  return `<div class="bars">${head}${rows.join("")}</div>`;
}

const percent = (value: number): string => `${Number(value.toFixed(2))}%`;
