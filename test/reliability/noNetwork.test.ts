/** Nothing asks for the network but for what a user names by its address, and nothing makes code out of text. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeNpy } from "../../src/files/npyFiles.ts";
import { ended, fromSource, main, root, type Ran } from "../cli/commandLine.ts";
import { bell, makePool } from "../support/pools.ts";

vi.setConfig({ testTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), "poolwise-alone-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const barrier = pathToFileURL(join(import.meta.dirname, "support/noNetwork.mjs")).href;

const run = (args: string): Promise<Ran> =>
  ended(spawn(process.execPath, ["--import", barrier, ...fromSource, main, ...args.split(" ")], { cwd: folder }));

beforeAll(async () => {
  const [rows, classes] = [60, 3];
  await writeNpy(join(folder, "logits.npy"), [rows, classes], [makePool("logits", rows, classes, bell(1, 2)).data]);
  await writeNpy(join(folder, "points.npy"), [rows, 4], [makePool("points", rows, 4, bell(2, 1)).data]);
  const classesOfRows = Array.from({ length: rows }, (_, row) => `${row % classes}`);
  writeFileSync(join(folder, "labels.csv"), ["label", ...classesOfRows, ""].join("\n"));
});

test.each([
  "info --backend cpu",
  "score logits.npy --strategy entropy --backend cpu --out scores.npy",
  "select logits.npy --embeddings points.npy --batch hybrid -k 5 --backend cpu --out picks.json",
  "coldstart --embeddings points.npy -k 5 --backend cpu --out seeds.csv",
  "calibrate logits.npy --labels labels.csv",
  "simulate --features points.npy --labels labels.csv --strategies entropy -k 4 --rounds 2 --seeds 1 --backend cpu --out runs",
])("poolwise %s", async (args) => {
  expect(await run(args)).toMatchObject({ code: 0, stderr: expect.not.stringContaining("network") });
});

test("an address that the user names is the one thing that does, and is seen", async () => {
  const { code, stderr } = await run("score http://127.0.0.1:9/x.npy --strategy entropy --out scores.npy");
  expect([code, stderr]).toEqual([99, expect.stringContaining("asked for the network")]);
});

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, code: readFileSync(join(root, "src", name), "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "") }));

const filesWith = (pattern: RegExp): string[] =>
  sources.filter(({ code }) => pattern.test(code)).map(({ name }) => name);

test("one file knows how to ask", () => {
  expect(filesWith(/(?<!\.|async )\bfetch\(|\b(XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b/)).toEqual([
    "files/httpBytes.ts",
  ]);
  expect(filesWith(/["'](node:)?(net|tls|dns|dgram|https?|http2|inspector)(\/\w+)?["']/)).toEqual([]);
});

test("no text becomes code", () => {
  expect(
    filesWith(/\beval\(|\bnew Function\b|\bFunction\(|["'](node:)?vm["']|\bset(Timeout|Interval)\(\s*["'`]/),
  ).toEqual([]);
});

test("installing it runs nothing of ours", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
  expect(Object.keys(scripts).filter((name) => hooks.includes(name))).toEqual([]);
});
