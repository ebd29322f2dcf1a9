/** Adding a strategy costs two small files and one line; this adds one that way, and looks for it everywhere. */
import { execFile } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..");
let copy: string;

const tsx = (...args: string[]) => run(process.execPath, ["--import", "tsx", ...args], { cwd: copy });

/** The fenced block of CONTRIBUTING.md in that language that mentions gini: the recipe itself is what is followed. */
function recipe(language: string): string {
  const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const blocks = [...text.matchAll(/^ *```(\w+)\n([\s\S]*?)^ *```/gm)];
  const [, , body] = blocks.find(([, kind, code]) => kind === language && code.includes("gini"))!;
  return body.replace(/^ {3}/gm, "");
}

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), "poolwise-strategy-"));
  for (const name of ["src", "shaders", "tools", "bench", "package.json", "tsconfig.json", "README.md"]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "src/scores/gini.ts"), recipe("ts"));
  writeFileSync(join(copy, "shaders/scores/gini.wgsl"), recipe("wgsl"));
  appendFileSync(join(copy, "src/scores/registry.ts"), 'export { gini } from "./gini.ts";\n');
  await tsx("tools/shaders.ts");
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("the command line lists it", async () => {
  const { stdout } = await tsx("src/cli/main.ts", "info", "--json");
  expect(JSON.parse(stdout).strategies).toContain("gini");
});

test.each(["cpu", "webgpu"])("the command line scores by it: %s", async (backend) => {
  // [2, 2] float32 logits: a row that is undecided, and one that says 3 to 1.
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }".padEnd(117) + "\n";
  const values = new Float32Array([0, 0, Math.log(3), 0]);
  const bytes = [
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Buffer.from([118, 0]),
    Buffer.from(header),
    Buffer.from(values.buffer),
  ];
  writeFileSync(join(copy, "logits.npy"), Buffer.concat(bytes));
  const { stdout } = await tsx(
    "src/cli/main.ts",
    "score",
    "logits.npy",
    "--strategy",
    "gini,margin",
    "--out",
    "-",
    "--json",
    "--backend",
    backend,
  );
  const [first, second] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(first.gini).toBeCloseTo(0.5, 6);
  expect(second.gini).toBeCloseTo(1 - (0.75 ** 2 + 0.25 ** 2), 6);
  expect(second.margin).toBeCloseTo(0.5, 6);
});

test("the bench lists it", async () => {
  const { stdout } = await tsx("bench/main.ts", "--list");
  expect(stdout).toMatch(/\bgini\b/);
});

test("the README's table is found to lack it, until it is made again", async () => {
  await expect(tsx("tools/readme.ts", "--check")).rejects.toMatchObject({
    stderr: expect.stringContaining("README.md: its tables are stale (they lack gini): run `npm run readme`"),
  });
  await tsx("tools/readme.ts");
  await tsx("tools/readme.ts", "--check");
  expect(readFileSync(join(copy, "README.md"), "utf8")).toContain("| `gini` | 1 − Σ p² |");
});
