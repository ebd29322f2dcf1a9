/** One process at a time has a journal, whoever else asks for it, and however those before it ended. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fromSource } from "../cli/commandLine.ts";
import { scratchFolder } from "../files/scratch.ts";
import { timesOf } from "./support/faultCounts.ts";

const scratch = scratchFolder();
const LONG_MS = 7_200_000;

const contenders: ChildProcess[] = [];
const begin = async (): Promise<ChildProcess> => {
  const child = fork(join(import.meta.dirname, "support/contender.ts"), { execArgv: fromSource });
  contenders.push(child);
  await once(child, "message");
  return child;
};
afterAll(() => contenders.forEach((child) => child.kill("SIGKILL")));

test("the second is refused in one line, and let in once the first is killed", { timeout: 60_000 }, async () => {
  const path = scratch("one.jsonl");
  const [first, second] = [await begin(), await begin()];
  expect(await tell(first, path)).toBe("done");
  expect(await tell(second, path)).toMatch(refusal(path, first));
  first.kill("SIGKILL");
  await once(first, "exit");
  expect(await tell(second, path)).toBe("done");
  expect(await tell(second, "")).toBe("done");
  expect(existsSync(`${path}.lock`)).toBe(false);
});

const times = timesOf("journalRaces");
test(
  `of some that ask at once one is let in, ${times} times, also where the one before was killed`,
  { timeout: LONG_MS },
  async () => {
    const all = await Promise.all([begin(), begin(), begin(), begin()]);
    for (let time = 0; time < times; time++) {
      const path = scratch(`race-${time}.jsonl`);
      if (time % 2 === 1) {
        const before = await begin();
        expect(await tell(before, path)).toBe("done");
        before.kill("SIGKILL");
        await once(before, "exit");
        expect(existsSync(`${path}.lock`)).toBe(true);
      }
      const answers = await Promise.all(all.map((child) => tell(child, path)));
      const winners = all.filter((_, i) => answers[i] === "done");
      expect(winners.length, answers.join("\n")).toBe(1);
      for (const answer of answers) if (answer !== "done") expect(answer).toMatch(refusal(path, winners[0]));
      expect(await tell(winners[0], "")).toBe("done");
    }
  },
);

/** Tells a process of a journal that it is to open, or none: to close. */
async function tell(child: ChildProcess, journal: string): Promise<string> {
  const answer = once(child, "message");
  child.send(journal);
  return (await answer)[0] as string;
}
const refusal = (path: string, { pid }: ChildProcess): RegExp =>
  new RegExp(`^${path}: process ${pid} on \\S+ is at work on it: end that first, or remove ${path}\\.lock if [^\\n]*$`);
