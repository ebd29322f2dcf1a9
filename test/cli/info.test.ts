/** What poolwise tells of itself: help and `info`. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { commandLine, root } from "./commandLine.ts";

const { run, done } = commandLine();
/** There may be more. */
const strategies = `bald consensus-entropy egl entropy kl-divergence least-confidence margin max-kl mean-std random
  variation-ratio vote-entropy`.split(/\s+/);

describe("help", () => {
  const common = ["--backend", "--threads", "--json", "--quiet", "--help", "auto", "cpu", "webgpu"];
  const inputs =
    "[predictions...] --features --model --kind logits probabilities --temperature --seed --invalid skip " +
    "--passes --dropout --egl-layers all last";
  const outputs = "--strategy --out .npy .csv .jsonl";
  const pass = [...common, ...inputs.split(" "), ...outputs.split(" "), ...strategies, " - "];

  test.each([
    ["info", common],
    [
      "bench",
      ["--backend", "--threads", "--json <file>", "--quiet", "--quick", "--filter", "--list", "--help", ".json"],
    ],
    ["score", pass],
    ["select", pass.concat("--scores", "--labelled", "--batch", "top-k", "-k", ".json")],
  ])("of %s lists all it takes", async (command, words) => {
    const [long, short, help] = await Promise.all([
      done(`${command} --help`),
      done(`${command} -h`),
      done(`help ${command}`),
    ]);
    expect(long.stderr).toBe("");
    expect(words.filter((word) => !long.stdout.includes(word))).toEqual([]);
    expect(long.stdout).toMatch(new RegExp(`^Usage: poolwise ${command} `));
    expect(short).toEqual(long);
    expect(help).toEqual(long);
  });

  test.each(["score", "select"])("of %s fits a terminal, and says what strategies need", async (command) => {
    const { stdout } = await done(`${command} --help`);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const [, any, passes, head] = /^ *any pool +([^]+)^ *several passes +([^]+)^ *a head +([^]+)/m.exec(stdout)!;
    const names = [any, passes, head].map((list) => list.trim().split(/,\s+/));
    expect(names[0]).toEqual(expect.arrayContaining(["entropy", "random"]));
    expect(names[1]).toEqual(expect.arrayContaining(["bald", "max-kl", "vote-entropy"]));
    expect(names[2]).toEqual(["egl"]);
    expect(names.flat().sort()).toEqual(expect.arrayContaining(strategies));
  });

  test("lists the commands", async () => {
    const { stdout, stderr } = await done("--help");
    for (const command of ["info", "score", "select"]) expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    expect(stderr).toBe("");
  });

  test("goes to standard error when it was not asked for", async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: poolwise/);
  });
});

describe("info", () => {
  test("says which backend runs, and why", async () => {
    const [cpu, webgpu, auto] = await Promise.all([
      done("info --backend cpu"),
      done("info --backend webgpu --json"),
      done("info --json"),
    ]);
    expect(cpu.stdout).toMatch(/^backend +cpu: .+\nchosen +.+\n/m);
    for (const name of [...strategies, "top-k"]) expect(cpu.stdout).toContain(name);
    expect(cpu.stderr + webgpu.stderr + auto.stderr).toBe("");

    const [asked, chosen] = [webgpu, auto].map(({ stdout }) => JSON.parse(stdout));
    expect(asked).toMatchObject({ backend: "webgpu", reason: "asked for" });
    expect(asked.strategies).toEqual(expect.arrayContaining(strategies));
    expect(asked.batches).toContain("top-k");
    expect(asked.adapter).toMatch(/\w/);
    const software = /llvmpipe|lavapipe|swiftshader|software/i.test(asked.adapter);
    expect(chosen.backend).toBe(software ? "cpu" : "webgpu");
    expect(chosen.reason).toMatch(software ? /software/ : /GPU/);
  });

  test("runs from source, without a build", async () => {
    const args = ["run", "-s", "poolwise", "--", "info", "--backend", "cpu", "--json"];
    const { stdout } = await promisify(execFile)("npm", args, { cwd: root });
    expect(JSON.parse(stdout)).toMatchObject({ backend: "cpu", reason: "asked for" });
  });
});
