/** What a person waiting at a terminal sees: the stage, rows done, rate, time left; and one line when the work is done. */
import pc from "picocolors";
import { visible } from "../errors.ts";
import type { MemoryNeeds } from "../memory.ts";
import type { Progress } from "../pace.ts";
import { strategyOf, type StrategyName } from "../scores/index.ts";

const EVERY_MS = 100;

/** A progress line on standard error when it is a terminal; otherwise nothing. */
export function progressLine(quiet: boolean | undefined): { update(progress: Progress): void; clear(): void } {
  if (quiet || !process.stderr.isTTY) return { update() {}, clear() {} };
  let last = performance.now();
  /** When the stage at hand was first heard of, and the last that was heard of it. */
  let began = { at: last, rows: 0 };
  let before: Progress | undefined;
  return {
    update(progress) {
      const { stage, rows, of } = progress;
      const now = performance.now();
      if (before?.stage !== stage || rows < before.rows) began = { at: now, rows };
      before = progress;
      if (now - last < EVERY_MS) return;
      last = now;
      const rate = (rows - began.rows) / ((now - began.at) / 1000);
      const speed = rate > 0 ? ` · ${count(rate)} rows/s · ${((of - rows) / rate).toFixed(1)} s left` : "";
      process.stderr.write(`\r\x1b[2K${pc.dim(`${stage} ${count(rows)} of ${count(of)} rows${speed}`)}`);
    },
    clear() {
      process.stderr.write("\r\x1b[2K");
    },
  };
}

/** A line about work that is done, unless --quiet. */
export function say(line: string, quiet: boolean | undefined): void {
  if (!quiet) process.stderr.write(`${visible(line)}\n`);
}

/** Passes that a pool is scored by, where there are more than one; a rate where they are of dropout. */
export interface Sampled {
  readonly passes?: number;
  readonly dropout?: number;
}

/** What was sampled for these strategies: gradients are those of one pass without dropout, whatever was asked for. */
export const sampledBy = (strategies: readonly StrategyName[], asked: Sampled): Sampled =>
  strategies.length > 0 && strategies.every((name) => strategyOf(name).needs === "gradients") ? {} : asked;

/** " by 20 passes of dropout 0.5"; nothing for a plain model. */
export const byPasses = ({ passes, dropout }: Sampled): string =>
  (passes === undefined ? "" : ` by ${count(passes)} passes`) + (dropout === undefined ? "" : ` of dropout ${dropout}`);

/** What work is estimated to take, before it begins: where a person waits for it, or has set a budget. */
export function sayNeeds({ host, device, embeddings }: MemoryNeeds, budget: unknown, quiet: boolean | undefined): void {
  if (budget === undefined && !process.stderr.isTTY) return;
  const onDevice = device > 0 ? ` and ${megabytes(device)} on the device` : "";
  const paged = embeddings === "paged" ? "; embeddings are read a page at a time" : "";
  say(`needs up to ${megabytes(host)} of memory${onDevice}${paged}`, quiet);
}

const megabytes = (bytes: number): string => `${count(Math.ceil(bytes / 1e6))} MB`;

/** 1234567 → "1,234,567". */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Seconds, with as many digits as one reads. */
export const seconds = (value: number): string =>
  value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`;
