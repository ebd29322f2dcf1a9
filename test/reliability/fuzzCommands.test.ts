/** Random command lines: each is done, or refused in one line and without a file. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { commandLine, type Ran } from "../cli/commandLine.ts";
import { matrix, npy } from "../cli/npy.ts";
import { isSoak } from "../support/soak.ts";
import { argumentsOf, files } from "./support/commands.ts";
import { countOf } from "./support/counts.ts";
import { drawsOf } from "./support/draws.ts";
import { SEED } from "./support/subjects.ts";

const poolwise = commandLine();
vi.setConfig({ testTimeout: isSoak ? 7_200_000 : 300_000 });

const rows = Array.from({ length: 12 }, (_, row) => [row % 3, (row * 5) % 7, (row * 11) % 13]);
const contents: Record<string, Uint8Array | string> = {
  "pool.npy": matrix(rows),
  "passes.npy": npy(Float32Array.from([...rows, ...rows.toReversed()].flat()), { shape: "(2, 12, 3)" }),
  "embeddings.npy": matrix(rows),
  "scores.npy": npy(Float32Array.from(rows, ([a, b]) => a / (b + 1)), { shape: "(12,)" }),
  "labels.npy": npy(Int32Array.from(rows, ([a]) => a), { descr: "<i4", shape: "(12,)" }),
  "head.safetensors": readFileSync(join(import.meta.dirname, "../golden/heads/linear-F32.safetensors")),
  "picks.json": '{"picks":[{"row":1},{"row":4}]}',
  "pool.csv": `a,b\n${rows.map(([a, b]) => `${a},${b}`).join("\n")}\n`,
  "broken.npy": matrix(rows).subarray(0, 100),
  "empty.csv": "",
}; // prettier-ignore
for (const name of files) poolwise.file(name, contents[name]);
/** What a command may take on a machine that has other work; alone, each takes less than a second or two. */
const HANG_MS = 120_000;
/** What is there whatever is run; `out` is emptied after each. */
const before = [...files, "out"].toSorted();

/** What is wrong about how a command line ended, if anything. */
function faultOf({ code, stderr }: Ran): string | undefined {
  if (code !== 0 && code !== 2) return `ended with ${code}`;
  if (/^\s+at .+:\d+/m.test(stderr)) return "shows a stack";
  if (/[^\P{Cc}\n]/u.test(stderr)) return "writes control characters";
  if (code === 2 && !/^poolwise: [^\n]+\n$/.test(stderr) && !stderr.startsWith("Usage: poolwise"))
    return "is not one line";
  if (stderr.length > 3000 + 100_000) return `writes ${stderr.length} characters`;
  return undefined;
}

async function triedBy(run: (args: readonly string[]) => Promise<Ran>, count: number, first: number): Promise<void> {
  const ends = { 0: 0, 2: 0 };
  for (let input = first; input < first + count; input++) {
    const args = argumentsOf(drawsOf(SEED, input));
    mkdirSync(poolwise.file("out"), { recursive: true });
    const began = performance.now();
    const ran = await run(args);
    const took = performance.now() - began;
    const said = `command line ${input}: ${JSON.stringify(args).slice(0, 500)}\n${ran.stderr.slice(0, 700)}`;
    expect(faultOf(ran), said).toBeUndefined();
    expect(took, said).toBeLessThan(HANG_MS);
    // Of simulate, runs that are done stay, so that it goes on where it was.
    if (ran.code === 2)
      expect(
        readdirSync(poolwise.file("out")).filter((name) => name !== "runs"),
        said,
      ).toEqual([]);
    expect(readdirSync(poolwise.files).toSorted(), said).toEqual(before);
    rmSync(poolwise.file("out"), { recursive: true });
    ends[ran.code as 0 | 2]++;
  }
  expect(Math.min(ends[0], ends[2]), "both ends are met").toBeGreaterThan(0);
}

test("in one process", () => triedBy(poolwise.run, countOf("commandLines"), 0));
test("each in a process of its own", () => triedBy(poolwise.start, countOf("processes"), 1_000_000));
