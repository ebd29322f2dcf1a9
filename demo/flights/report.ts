/** What a person reads: a line for each stage while it runs and when it is done, and the flights to ask about. */
import pc from "picocolors";
import type { Flights } from "./data.ts";

/** A flight to ask about. */
export interface Asked {
  readonly row: number;
  /** What the model gives "more than 15 minutes late". */
  readonly probability: number;
  /** Entropy in nats: ln 2 = 0.6931 is a coin toss. */
  readonly score: number;
}

type Progress = (rows: number, of: number) => void;

/** Runs a stage, and prints how many rows it went through, how long it took, and what it found out. */
export async function stage<Result>(
  name: string,
  work: (progress: Progress) => Promise<{ rows: number; result: Result; note?: string }>,
): Promise<Result> {
  const started = performance.now();
  const {
    rows,
    result,
    note = "",
  } = await work(progressOf(name)).finally(() => {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
  });
  const seconds = (performance.now() - started) / 1000;
  const rate = `${count(rows / seconds)} rows/s`;
  console.log(
    `${pc.bold(name.padEnd(8))}${count(rows).padStart(11)} rows${seconds.toFixed(2).padStart(8)} s${rate.padStart(19)}   ${note}`,
  );
  return result;
}

/** A line on standard error where it is a terminal, ten times a second at most. */
function progressOf(name: string): Progress {
  let last = performance.now();
  return (rows, of) => {
    if (!process.stderr.isTTY || performance.now() - last < 100) return;
    last = performance.now();
    process.stderr.write(`\r\x1b[2K${pc.dim(`${name} ${count(rows)} of ${count(of)} rows`)}`);
  };
}

/** The flights asked about, best first. The last column is the answer, which the model has not seen. */
export function table(flights: Flights, asked: readonly Asked[]): string {
  const head = ["rank", "departs", "from → to", "miles", "P(late)", "entropy", "was it late?"];
  const lines = asked.map(({ row, probability, score }, i) => [
    String(i + 1),
    departure(flights, row),
    `${airport(flights, "origin", row)} → ${airport(flights, "destination", row)}`,
    count(flights.distance[row]),
    probability.toFixed(4),
    score.toFixed(12),
    flights.late[row] ? "yes" : "no",
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  const numbers = new Set([0, 3, 4, 5]);
  const align = (line: string[]) =>
    line.map((cell, i) => (numbers.has(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ");
  return [pc.bold(align(head)), ...lines.map(align)].join("\n");
}

export function csv(flights: Flights, asked: readonly Asked[]): string {
  const lines = asked.map(({ row, probability, score }, i) =>
    [
      i + 1,
      row,
      departure(flights, row),
      airport(flights, "origin", row),
      airport(flights, "destination", row),
      flights.distance[row],
      probability,
      score,
    ].join(","),
  );
  return `${["rank,row,date,origin,destination,distance,p_late,score", ...lines].join("\n")}\n`;
}

/** 1234567 → "1,234,567". */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US");

/** "2001-06-14 19:05": the airport's own clock, so no time zone. */
function departure({ minute }: Flights, row: number): string {
  return new Date(minute[row] * 60_000).toISOString().slice(0, 16).replace("T", " ");
}

function airport(flights: Flights, end: "origin" | "destination", row: number): string {
  return flights.airports[flights[end][row]];
}
