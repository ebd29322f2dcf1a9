/** Text a piece at a time: lines, and the cells and values in them. */
import { shortest } from "./shortest.ts";

export type Write = (chunk: Uint8Array | string) => Promise<void>;

/** Lines a chunk: strings stay small however many rows there are. */
export const LINES = 8192;

export async function writeLines(write: Write, count: number, line: (i: number) => string): Promise<void> {
  for (let start = 0; start < count; start += LINES) {
    const lines = Array.from({ length: Math.min(LINES, count - start) }, (_, i) => line(start + i));
    await write(`${lines.join("\n")}\n`);
  }
}

export function toJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === "number") return shortest(part);
    return ArrayBuffer.isView(part) ? Array.from(part as unknown as ArrayLike<number>) : part;
  });
}

export function csvCell(value: unknown): string {
  if (value === undefined || value === null || Number.isNaN(value)) return "";
  if (typeof value === "number") return String(shortest(value));
  const text = typeof value === "string" ? value : String(toJson(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
