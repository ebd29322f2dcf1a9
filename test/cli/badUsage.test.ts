/** Commands that cannot be: options that are wrong, files that are not there, places where nothing can be written. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { commandLine } from "./commandLine.ts";
import { goldenFile } from "./golden.ts";
import { matrix, npy } from "./npy.ts";
import { expectRefusal, type Mistake, refusing } from "./refusal.ts";

const poolwise = commandLine();
const { run, file } = poolwise;
const refused = refusing(poolwise);

const scored = "--strategy margin --backend cpu --out OUT/scores.npy";
const picked = "--backend cpu --out OUT/picks.json";
const known = /known are (?=.*bald)(?=.*egl)(?=.*entropy)(?=.*least-confidence)(?=.*margin)(?=.*random)/;
const underHead = "--features six.npy --model head.npz";
const pool = matrix([[1, 2, 3], [0, 0, 0], [5, 1, 1], [2, 2, 2], [1, 0, 9], [3, 1, 2]]); // prettier-ignore
file("pool.npy", pool);
file("other.npy", pool);
file("six.npy", matrix([[0, 1, 2, 3, 4, 5]]));
file("head.npz", readFileSync(goldenFile("../heads/deep-packed.npz")));
file("scores.npy", npy(Float32Array.of(1, 2, 3)));
file("two.json", "[4, 1, 4]");
file("all.json", "[0, 1, 2, 3, 4, 5]");
file("void.npy", matrix([[NaN, 0], [NaN, 0]])); // prettier-ignore

test.each<Mistake>([
  ["more than the pool", `select pool.npy -k 7 ${picked}`, /\b7\b.* 6 rows/, /at most 6/],
  [
    "more than are left",
    `select pool.npy -k 5 --labelled two.json ${picked}`,
    /\b5\b.* 4 rows left of 6 \(2 labelled\)/,
  ],
  ["none is left", `select pool.npy -k 1 --labelled all.json ${picked}`, /\b6\b.*labelled/, /^(?!.*at most 0)/],
  ["none is valid", `select void.npy -k 1 --invalid skip ${picked}`, /\b2\b.*invalid/, /^(?!.*at most 0)/],
  ["0", `select pool.npy -k 0 ${picked}`, /-k must be a whole number of at least 1, got "0"/],
  ["a fraction", `select pool.npy -k 1.5 ${picked}`, /-k must be a whole number .*"1\.5"/],
  ["a word", `select pool.npy -k ten ${picked}`, /-k must be a whole number .*"ten"/],
  ["not given", `select pool.npy ${picked}`, /-k/, /poolwise select --help/],
])("k: %s", refused);

test.each<Mistake>([
  ["unknown", "score pool.npy --strategy entropi --out OUT/s.npy", /unknown strategy "entropi"/, known],
  ["unknown among others", "score pool.npy --strategy margin,bold,random --out OUT/s.npy", /strategy "bold"/, known],
  ["unknown to select", `select pool.npy -k 1 --strategy best ${picked}`, /unknown strategy "best"/, known],
  ["several to select", `select pool.npy -k 1 --strategy margin,entropy ${picked}`, /"margin,entropy"/, known],
  ["the same twice", "score pool.npy --strategy margin,margin --out OUT/s.npy", /margin,margin: .*twice/],
  ["for scores", `select --scores scores.npy --strategy margin -k 1 ${picked}`, /--strategy and --scores/],
  ["not given", "score pool.npy --out OUT/s.npy", /--strategy/, /poolwise score --help/],
])("strategy: %s", refused);

test.each<Mistake>([
  ["batch", `select pool.npy -k 1 --batch best ${picked}`, /unknown batch "best": known are .*top-k/],
  ["backend", "score pool.npy --strategy margin --backend cuda --out OUT/s.npy", /cuda.*auto, cpu, webgpu/],
  ["backend of info", "info --backend cuda", /cuda.*auto, cpu, webgpu/],
  ["kind", `score pool.npy --kind odds ${scored}`, /--kind.*odds.*logits, probabilities/],
  ["policy", `score pool.npy --invalid drop ${scored}`, /--invalid.*drop.*error, skip/],
  ["temperature of 0", `score pool.npy --temperature 0 ${scored}`, /temperature must be .*got 0/],
  ["temperature below 0", `score pool.npy --temperature -1 ${scored}`, /temperature must be .*got -1/],
  ["temperature in words", `score pool.npy --temperature warm ${scored}`, /--temperature must be a number, got "warm"/],
  ["seed below 0", `score pool.npy --seed -1 ${scored}`, /--seed must be a whole number .*"-1"/],
  ["seed of 33 bits", `score pool.npy --seed 4294967296 ${scored}`, /seed must be .*4294967295, got 4294967296/],
  ["option", `score pool.npy --temprature 2 ${scored}`, /--temprature/, /--temperature/, /poolwise score --help/],
  ["command", "scores pool.npy", /unknown command 'scores'/, /score\b/, /poolwise --help/],
  ["layers", `score ${underHead} --egl-layers first ${scored}`, /--egl-layers.*first.*all, last/],
])("no such %s", refused);

test.each<Mistake>([
  ["none at all", `score ${underHead} --passes 0 ${scored}`, /--passes must be a whole number from 1 .*got "0"/],
  ["a fraction", `score ${underHead} --passes 1.5 ${scored}`, /--passes must be a whole number .*"1\.5"/],
  [
    "more than can be",
    `score ${underHead} --passes 1048577 ${scored}`,
    /--passes must be .* to 1048576, got "1048577"/,
  ],
  ["in words", `score ${underHead} --passes many ${scored}`, /--passes must be a whole number .*"many"/],
  [
    "that keep nothing",
    `score ${underHead} --passes 9 --dropout 1 ${scored}`,
    /--dropout .* from 0 to 0\.999, got "1"/,
  ],
  ["below 0", `score ${underHead} --passes 9 --dropout -0.1 ${scored}`, /--dropout .* from 0 to 0\.999, got "-0\.1"/],
  ["in percent", `score ${underHead} --passes 9 --dropout 50% ${scored}`, /--dropout must be a number .*"50%"/],
  ["one alone", `score ${underHead} --dropout 0.5 ${scored}`, /--dropout 0\.5 needs more than one pass/, /--passes/],
  ["just one", `select ${underHead} --passes 1 --dropout 0.5 -k 1 ${picked}`, /--dropout 0\.5 needs .*--passes/],
  ["without a rate", `score ${underHead} --passes 9 ${scored}`, /9 passes .*the head does not say.*--dropout/],
  ["of predictions", `score pool.npy --passes 9 ${scored}`, /--passes .*hidden.* pool\.npy has none/, /--features/],
  ["of several files", `score pool.npy other.npy --passes 9 ${scored}`, /--passes .* pool\.npy has none/],
  ["of scores", `select --scores scores.npy --passes 9 -k 1 ${picked}`, /--passes .* --scores has none: leave it out/],
  ["dropped of predictions", `score pool.npy --dropout 0.5 ${scored}`, /--dropout .*hidden units.* pool\.npy has none/],
  ["layers of predictions", `score pool.npy --egl-layers all ${scored}`, /--egl-layers .*layers.* pool\.npy has none/],
])("passes: %s", refused);

test.each<Mistake>([
  [
    "several passes",
    "score pool.npy --strategy bald --backend cpu --out OUT/s.npy",
    /pool\.npy: bald compares passes.*several files/,
  ],
  ["dropout", `select ${underHead} --strategy bald -k 1 ${picked}`, /six\.npy: bald .* give --passes and --dropout/],
  [
    "a head",
    "score pool.npy --strategy egl --backend cpu --out OUT/s.npy",
    /pool\.npy: egl .* give --features with --model/,
  ],
])("strategy that needs %s", refused);

test.each<Mistake>([
  ["none", `score ${scored}`, /nothing to read/, /--features/],
  ["none to select from", `select -k 1 ${picked}`, /nothing to read/, /--features/, /--scores/],
  ["two", `score pool.npy --features pool.npy --model h.npz ${scored}`, /pool\.npy and --features/],
  ["two to select from", `select pool.npy --scores scores.npy -k 1 ${picked}`, /pool\.npy and --scores/],
  ["two where one is several", `score pool.npy two.npy --features x.npy ${scored}`, /pool\.npy and --features/],
  ["twice", `score pool.npy other.npy pool.npy ${scored}`, /pool\.npy: is named twice and would count double/, /once/],
  ["twice by a link", `score pool.npy ./link.npy ${scored}`, /link\.npy: is the same file as pool\.npy .*once/],
  ["missing among others", `score pool.npy missing.npy ${scored}`, /missing\.npy: no such file/],
  ["without a name among others", ["score", "pool.npy", "", ...scored.split(" ")], /PREDICTIONS is empty/],
  ["a strategy in its place", `score pool.npy margin ${scored}`, /margin: unknown kind of file/],
  ["a head alone", `score --model h.npz ${scored}`, /--features/],
  ["features alone", `score --features pool.npy ${scored}`, /--features needs --model/],
  ["missing", `score missing.npy ${scored}`, /missing\.npy: no such file/],
  ["missing behind a link", `score dangling.npy ${scored}`, /dangling\.npy: no such file/],
  ["missing with its folder", `score no/where/pool.npy ${scored}`, /no\/where\/pool\.npy: no such file/],
  [
    "missing features",
    `score --features none.npy --model ${goldenFile("head.npz")} ${scored}`,
    /none\.npy: no such file/,
  ],
  ["missing scores", `select --scores missing.npy -k 1 ${picked}`, /missing\.npy: no such file/],
  ["below a file", `score pool.npy/pool.npy ${scored}`, /pool\.npy\/pool\.npy: .*not a folder/],
  ["a folder", `score folder.npy ${scored}`, /folder\.npy: .*(folder|not a regular file)/],
  ["of unknown kind", `score pool.pkl ${scored}`, /pool\.pkl: unknown kind of file: .*\.npy/],
  ["of two lines", ["score", "two\nlines.npy", ...scored.split(" ")], /two.*lines\.npy.*no such file/],
  // An unset variable of the shell.
  ["without a name", ["score", "", ...scored.split(" ")], /""|PREDICTIONS|name/],
])("input: %s", refused);

symlinkSync("nowhere.npy", file("dangling.npy"));
symlinkSync("pool.npy", file("link.npy"));
mkdirSync(file("folder.npy"));

const margins = "score pool.npy --strategy margin --backend cpu --out";
test.each<Mistake>([
  ["one of its members", "score pool.npy other.npy --strategy bald --out other.npy", /other\.npy: is read too/],
  ["one of the picked from", "select pool.npy other.npy -k 1 --out other.npy", /other\.npy: is read too/],
  ["in a missing folder", `${margins} OUT/no/where/s.npy`, /where\/s\.npy: there is no folder .*create it/],
  ["a folder", `${margins} folder.npy`, /folder\.npy: is a folder/],
  ["below a file", `${margins} pool.npy/s.npy`, /pool\.npy\/s\.npy: there is no folder/],
  ["a device", `${margins} /dev/full`, /\/dev\/full: (no extension|not a regular file)/],
  ["where nothing can be made", `${margins} /proc/s.npy`, /\/proc\/s\.npy: .*(could not|may not) be written/],
  ["of unknown kind", `${margins} OUT/s.txt`, /s\.txt: unknown extension \.txt; .*\.npy, \.csv, \.jsonl/],
  ["without extension", `${margins} OUT/s`, /OUT\/s: no extension; .*\.npy, \.csv, \.jsonl/],
  ["scores as .json", `${margins} OUT/s.json`, /s\.json: unknown extension \.json/],
  ["picks as .txt", "select pool.npy -k 1 --out OUT/p.txt", /p\.txt: unknown .*\.json, \.npy, \.csv, \.jsonl/],
  ["not given", "score pool.npy --strategy margin", /--out/, /poolwise score --help/],
  ["without a name", [...margins.split(" "), ""], /--out|""|no name/],
])("out: %s", refused);

describe("what was there", () => {
  test("stays as it was", async () => {
    file("bad.npy", matrix([[NaN, 1]]));
    file("kept/scores.npy", "precious");
    file("kept/picks.json", "precious");
    const both = await Promise.all([
      run("score bad.npy --strategy margin --backend cpu --out kept/scores.npy"),
      run("select bad.npy -k 1 --backend cpu --out kept/picks.json"),
    ]);
    for (const ran of both) expectRefusal(ran, [/bad\.npy: row 0: class 0 is NaN/]);
    expect(readdirSync(file("kept")).sort()).toEqual(["picks.json", "scores.npy"]);
    for (const name of ["scores.npy", "picks.json"])
      expect(readFileSync(file(`kept/${name}`), "utf8")).toBe("precious");
  });
});
