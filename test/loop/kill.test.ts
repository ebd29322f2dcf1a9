/** A loop that is killed a hundred times, at any moment, is the loop that was never stopped. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "vite";
import { beforeAll, expect, test } from "vitest";
import { randomUniform } from "../../src/random.ts";
import { scratchFolder } from "../files/scratch.ts";

const KILLS = 100;
/** Milliseconds after it begins that a process is killed, at most: enough for some rounds. */
const LONGEST = 150;
const scratch = scratchFolder();
const script = scratch("killed.mjs");

/** One file that starts in a moment: most of a hundred lives would be spent on reading sources. */
beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true, external: ["webgpu"] },
    build: {
      ssr: join(import.meta.dirname, "killed.ts"),
      outDir: dirname(script),
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: "killed.mjs" } },
    },
  });
});

/** Runs the loop, and kills it some time after it has opened its journal. Gives whether it came to its end. */
function run(journal: string, asked: string, killAfter: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, journal, asked], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "" && killAfter < Infinity) setTimeout(() => child.kill("SIGKILL"), killAfter);
      output += String(chunk);
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (signal === "SIGKILL") resolve(false);
      else if (code === 0) resolve(output.includes("the budget is spent"));
      else reject(new Error(`exit ${code}: ${output}`));
    });
  });
}

const entriesOf = (journal: string): any[] =>
  readFileSync(journal, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** Picks and answers. */
const decided = (journal: string): unknown[] =>
  entriesOf(journal)
    .filter(({ kind }) => kind === "picks" || kind === "answer")
    .map((entry) => ({ ...entry, check: undefined, seconds: undefined }));

test("picks are the same, and no answer that was written down is asked for again", async () => {
  const [whole, wholeAsked] = [scratch("whole.jsonl"), scratch("whole.txt")];
  expect(await run(whole, wholeAsked, Infinity)).toBe(true);
  const expected = decided(whole);
  expect(expected.length).toBe(25 + 200);

  let kills = 0;
  let finished = 0;
  // A journal that is done gives way to a new one; the last one is brought to its end.
  for (let turn = 0; kills < KILLS || finished < 1;) {
    const [journal, asked] = [scratch(`journal-${turn}.jsonl`), scratch(`asked-${turn}.txt`)];
    const after = kills < KILLS ? LONGEST * randomUniform(1, 2, kills) : Infinity;
    if (await run(journal, asked, after)) {
      finished++;
      turn++;
      expect(decided(journal)).toEqual(expected);
      const lines = readFileSync(asked, "utf8").trimEnd().split("\n");
      const written = new Set<string>();
      for (const line of lines) {
        if (line.endsWith(" is written")) written.add(line.split(" ", 1)[0]);
        else expect(written.has(line), `row ${line} was asked for again`).toBe(false);
      }
    } else kills++;
  }
  expect(kills).toBe(KILLS);
  expect(finished).toBeGreaterThan(0);
}, 300_000);
