/** A whole table, for tests. */
import type { TableRows } from "../../src/files/columns.ts";

export async function collect({ names, chunks }: TableRows): Promise<{ names: string[]; values: Float32Array }> {
  const values: number[] = [];
  for await (const chunk of chunks) for (const value of chunk) values.push(value);
  return { names, values: Float32Array.from(values) };
}
