/** `poolwise bench`: what it times and writes, on anybody's machine. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandLine, root } from "./commandLine.ts";

const { run, done, file } = commandLine();
const one = ["bench", "--quick", "--backend", "cpu", "--threads", "1", "--filter", "bald 20x100kx10"];

test("a table, and all of it as JSON", async () => {
  const path = file("bench.json");
  const { stdout, stderr } = await done([...one, "--json", path]);
  expect(stderr).toBe("");
  expect(stdout).not.toContain("\u001b");
  expect(stdout).not.toContain("WRONG");
  expect(stdout).toMatch(/^bald 20x100kx10 +cpu +5k /m);
  expect(stdout).toMatch(/^cpu .* GB\/s .* [µm]s .* GB\/s$/m);
  const text = readFileSync(path, "utf8");
  expect(text).not.toContain(root);
  const { quick, cases, ceilings, backends } = JSON.parse(text);
  expect(quick).toBe(true);
  expect(backends).toMatchObject([{ backend: "cpu", software: false, threads: 1 }]);
  expect(ceilings).toHaveLength(1);
  for (const key of ["bytes", "multiplyAdds", "exps", "dispatch", "map", "upload", "download"])
    expect(ceilings[0][key]).toBeGreaterThan(0);
  expect(cases).toMatchObject([{ name: "bald 20x100kx10", rows: 5000, judged: 5000, peers: [] }]);
  expect(cases[0].results[0].floorOverMeasured).toBeGreaterThan(0);
});

test("JSON alone on standard output, the table beside it", async () => {
  const { stdout, stderr } = await done([...one, "--json", "-"]);
  expect(JSON.parse(stdout).cases).toHaveLength(1);
  expect(stderr).toContain("floor/measured");
  expect((await done([...one, "--json", "-", "--quiet"])).stderr).toBe("");
});

test("the few that --quick times are of every kind", async () => {
  const names = (await done("bench --quick --list")).stdout.trim().split("\n");
  for (const word of ["entropy 1Mx10", "strategies", "top-1000 of", "top-100 ", "bald 20x", "passes", "egl"])
    expect(names.some((name) => name.includes(word))).toBe(true);
  expect(names.length).toBeLessThan(10);
  const all = (await done("bench --list")).stdout.trim().split("\n");
  expect(all).toEqual(expect.arrayContaining(names));
  expect(all.length).toBeGreaterThan(names.length);
});

test.each([
  ["--filter abacus", "--filter abacus: no case"],
  ["--json bench.txt", "bench.txt"],
  ["--json no/such/bench.json", "no/such"],
  ["--threads 0", "--threads must be a whole number from 1"],
  ["--backend abacus", "see poolwise bench --help"],
  ["--fliter x", "see poolwise bench --help"],
])("%s is refused in a line", async (args, said) => {
  const { code, stdout, stderr } = await run(`bench ${args}`);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^poolwise: [^\n]+\n$/);
  expect(stderr).toContain(said);
});
