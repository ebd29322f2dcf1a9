/** A process that reads inputs, one after the other, and may well die of one: which it was is in a file. */
import { openSync, writeSync } from "node:fs";
import type { Kind } from "./subjects.ts";
import { countArrays, tried } from "./trial.ts";

/** What it is told to do. */
export interface Order {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
}

export interface Told {
  readonly opened: number;
  readonly refused: number;
  readonly wrong: readonly string[];
}

const [, , folder, progress] = process.argv;
const file = openSync(progress, "r+");
countArrays();

process.on("message", async ({ kind, from, to }: Order) => {
  const told = { opened: 0, refused: 0, wrong: [] as string[] };
  for (let input = from; input < to; input++) {
    writeSync(file, Buffer.from(Int32Array.of(input).buffer), 0, 4, 0);
    const outcome = await tried(kind, input, folder);
    if ("opened" in outcome) told.opened++;
    else if ("refused" in outcome) told.refused++;
    else told.wrong.push(`${kind} ${input}: ${outcome.wrong}`);
  }
  process.send!(told satisfies Told);
});
process.send!("ready");
