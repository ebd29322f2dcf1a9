/** What each backend does at its best, as lines on screen. */
import pc from "picocolors";
import type { BackendAbout, BackendCeilings } from "./report.ts";

/** In the order of the table: what it is, what it is called, and how it is written. */
export const ceilingColumns = [
  { key: "bytes", title: "read", text: (value) => `${digits(value / 1e9)} GB/s` },
  { key: "multiplyAdds", title: "multiply-add", text: (value) => `${digits(value / 1e9)} G/s` },
  { key: "exps", title: "exp", text: (value) => `${digits(value / 1e9)} G/s` },
  { key: "dispatch", title: "dispatch", text: (value) => duration(value) },
  { key: "map", title: "map", text: (value) => duration(value) },
  { key: "upload", title: "upload", text: (value) => `${digits(value / 1e9)} GB/s` },
  { key: "download", title: "download", text: (value) => `${digits(value / 1e9)} GB/s` },
] as const satisfies {
  key: Exclude<keyof BackendCeilings, "backend">;
  title: string;
  text(value: number): string;
}[];

export function ceilingLines(ceilings: readonly BackendCeilings[], backends: readonly BackendAbout[]): string[] {
  const software = new Set(backends.filter((each) => each.software).map(({ backend }) => backend));
  const rows = ceilings.map((one) => [
    software.has(one.backend) ? `${one.backend} (software)` : one.backend,
    ...ceilingColumns.map(({ key, text }) => text(one[key])),
  ]);
  const all = [["at best", ...ceilingColumns.map(({ title }) => title)], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((cells) => cells[column].length)));
  return all.map((cells, i) => {
    const line = cells.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join("  ");
    return i === 0 ? pc.bold(line) : line;
  });
}

/** Three digits that count. */
export const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);

export function duration(seconds: number): string {
  if (seconds < 1e-3) return `${digits(seconds * 1e6)} µs`;
  return seconds < 1 ? `${digits(seconds * 1e3)} ms` : `${digits(seconds)} s`;
}
