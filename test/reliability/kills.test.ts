/** What is killed at any moment, any number of times, comes to what it would have come to. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "vite";
import { beforeAll, describe, expect, test } from "vitest";
import { randomUniform } from "../../src/random.ts";
import { fromSource, main } from "../cli/commandLine.ts";
import { npy } from "../cli/npy.ts";
import { scratchFolder } from "../files/scratch.ts";
import { makeBlobs } from "../support/blobs.ts";
import { timesOf } from "./support/faultCounts.ts";
import { decided, expectNoneAskedAgain, loopScript, PICKED, ROUNDS } from "./support/journalled.ts";

const scratch = scratchFolder();
const LONG_MS = 7_200_000;

describe("a loop with a journal", () => {
  /** Milliseconds after it begins that a process is killed, at most: enough for some rounds. */
  const LONGEST = 150;
  const script = scratch("killed.mjs");

  /** One file that starts in a moment: most of a hundred lives would be spent on reading sources. */
  beforeAll(async () => {
    await build({
      configFile: false,
      logLevel: "error",
      ssr: { noExternal: true, external: ["webgpu"] },
      build: {
        ssr: loopScript,
        outDir: dirname(script),
        emptyOutDir: false,
        rolldownOptions: { output: { entryFileNames: "killed.mjs" } },
      },
    });
  }, 120_000);

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

  const most = timesOf("loopKills");
  test(
    `${most} kills: picks are the same, and no answer that was written down is asked for again`,
    { timeout: LONG_MS },
    async () => {
      const [whole, wholeAsked] = [scratch("whole.jsonl"), scratch("whole.txt")];
      expect(await run(whole, wholeAsked, Infinity)).toBe(true);
      const expected = decided(whole);
      expect(expected.length).toBe(ROUNDS + PICKED);

      let kills = 0;
      let finished = 0;
      // A journal that is done gives way to a new one; the last one is brought to its end.
      for (let turn = 0; kills < most || finished < 1;) {
        const [journal, asked] = [scratch(`journal-${turn}.jsonl`), scratch(`asked-${turn}.txt`)];
        const after = kills < most ? LONGEST * randomUniform(1, 2, kills) : Infinity;
        if (await run(journal, asked, after)) {
          finished++;
          turn++;
          expect(decided(journal)).toEqual(expected);
          expectNoneAskedAgain(asked);
        } else kills++;
      }
      expect(kills).toBe(most);
      expect(finished).toBeGreaterThan(0);
    },
  );
});

describe("simulate", () => {
  const { features, labels } = makeBlobs(4, 400, 3, 6, 2);
  const [x, y] = [scratch("x.npy"), scratch("y.npy")];
  const args = [
    "simulate",
    "--features",
    x,
    "--labels",
    y,
    "--strategies",
    "margin,entropy",
    "--batch",
    "top-k,k-center",
  ];
  args.push("-k", "5", "--rounds", "6", "--seeds", "3", "--backend", "cpu", "--threads", "2", "--quiet");
  beforeAll(() => {
    scratch("x.npy", npy(features.data, { shape: "(400, 6)" }));
    scratch("y.npy", npy(Int32Array.from(labels), { shape: "(400,)", descr: "<i4" }));
  });

  /** Runs it, kills it after so many milliseconds, and waits for all of its processes. Gives whether it came to its end. */
  async function run(out: string, killAfter: number): Promise<boolean> {
    // A group of its own tells of its processes once the first is gone.
    const child = spawn(process.execPath, [...fromSource, main, ...args, "--out", out], {
      stdio: ["ignore", "ignore", "inherit"],
      detached: true,
    });
    const timer = killAfter < Infinity ? setTimeout(() => child.kill("SIGKILL"), killAfter) : undefined;
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    clearTimeout(timer);
    await expect.poll(() => groupIsAlive(child.pid!), { timeout: 30_000 }).toBe(false);
    if (signal !== "SIGKILL") expect(code).toBe(0);
    return signal !== "SIGKILL";
  }

  const most = timesOf("simulateKills");
  test(
    `${most} kills: no file is half there, none that was there is lost, and all come to be the same`,
    { timeout: LONG_MS },
    async () => {
      const began = performance.now();
      expect(await run(scratch("whole"), Infinity)).toBe(true);
      let longest = performance.now() - began;
      const expected = contentOf(scratch("whole"));
      expect(expected.size).toBe(4 + 3 * 5);

      let kills = 0;
      let finished = 0;
      for (let turn = 0; kills < most || finished < 1;) {
        const out = scratch(`study-${turn}`);
        const before = contentOf(out);
        const begun = performance.now();
        const isDone = await run(out, kills < most ? longest * randomUniform(1, 3, kills) : Infinity);
        const after = contentOf(out);
        for (const [name, content] of after) expect([name, content]).toEqual([name, expected.get(name)]);
        for (const name of before.keys()) expect(after.has(name), name).toBe(true);
        if (isDone) {
          finished++;
          turn++;
          expect(after.size).toBe(expected.size);
          // On a machine that is less busy by now, most would be done before they are killed.
          if (before.size === 0) longest = Math.min(longest, performance.now() - begun);
        } else kills++;
      }
      expect([kills, finished > 0]).toEqual([most, true]);
    },
  );
});

function groupIsAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

const TIMES = new Set(["fit", "pick", "summaries"]);

/** All that is in a folder but times, each file read to its end. */
function contentOf(out: string) {
  const content = new Map<string, unknown>();
  for (const name of existsSync(out) ? readdirSync(out, { recursive: true, encoding: "utf8" }).sort() : []) {
    if (name === "runs" || name.endsWith(".tmp")) continue;
    const text = readFileSync(join(out, name), "utf8");
    if (name.endsWith(".json"))
      content.set(
        name,
        JSON.parse(text, (key, value) => (TIMES.has(key) ? 0 : value)),
      );
    else if (name.endsWith(".csv"))
      content.set(
        name,
        text.split("\n").map((line) => line.split(",").slice(0, -2)),
      );
    else content.set(name, [text.slice(0, 15), text.slice(-8)]);
  }
  return content;
}
