/**
 * One library on one task, in a process of its own: `node --import tsx child.ts REQUEST < arrays` prints as JSON, in its last
 * line, what came of it.
 */
import { more, type Patience } from "../../../src/bench/measure.ts";
import { answerFault } from "../check.ts";
import { opening } from "./libraries.ts";
import { unpacked } from "../message.ts";
import type { Request, Said, Work } from "../task.ts";

process.stdout.write(`${JSON.stringify(await answerTo(process.argv[2]))}\n`, () => process.exit());

async function answerTo(text: string): Promise<Said> {
  try {
    console.log = console.error; // libraries greet
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    const { library, task, judged, patience } = unpacked<Request>(text, Buffer.concat(chunks));
    const { prepare, threads, adapter } = await opening[library]();
    const work = await prepare(task);
    const { values, picks, radius, centres } = await work();
    const fault = judged && answerFault({ values, picks }, judged);
    if (fault !== undefined) return { fault };
    const answer = judged ? {} : { picks: picks && Array.from(picks), radius, centres: centres && Array.from(centres) };
    return { seconds: await timed(work, patience), threads, adapter, ...answer };
  } catch (error) {
    return { fault: (error as Error).message.split("\n", 1)[0] };
  }
}

async function timed(work: Work, patience: Patience): Promise<number[]> {
  const seconds: number[] = [];
  for (let total = 0; more(seconds.length, total, patience); total += seconds[seconds.length - 1]) {
    const began = performance.now();
    await work();
    seconds.push((performance.now() - began) / 1000);
  }
  return seconds;
}
