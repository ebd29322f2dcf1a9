/** Files whose contents are wrong: the line names the file, the row and the class. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { backends, commandLine } from "./commandLine.ts";
import { goldenFile } from "./golden.ts";
import { matrix, npy } from "./npy.ts";
import { expectRefusal, type Mistake, refusing } from "./refusal.ts";

const poolwise = commandLine();
const { run, done, file } = poolwise;
const refused = refusing(poolwise);

const good = [[1, 2, 3], [0, 0, 0], [5, 1, 1], [2, 2, 2], [1, 0, 9], [3, 1, 2]]; // prettier-ignore
const withRows = (rows: Record<number, number[]>) => matrix(good.map((row, i) => rows[i] ?? row));
const thirdChances = (row: number[]) => matrix([[0.2, 0.3, 0.5], [0.25, 0.75, 0], row]);
const zeros = (shape: string, count: number) => npy(new Float32Array(count), { shape });
const patched = (bytes: Buffer, at: number, value: number) =>
  Buffer.concat([bytes.subarray(0, at), Buffer.of(value), bytes.subarray(at + 1)]);

const deep = goldenFile("../heads/deep-prefix.safetensors");
const linear = goldenFile("../heads/linear-F32.safetensors");
const pool = matrix(good);
file("pool.npy", pool);

file("nan.npy", withRows({ 2: [0, NaN, 1] }));
file("infinite.npy", withRows({ 1: [Infinity, 0, 1] }));
file("minus.npy", withRows({ 5: [0, 0, -Infinity] }));
file("several.npy", withRows({ 5: [NaN, 0, 0], 3: [0, 0, NaN], 4: [Infinity, NaN, 0] }));
file("half.npy", npy(Uint16Array.of(0x3c00, 0, 0x3c00, 0x7c00), { descr: "<f2", shape: "(2, 2)" }));
file("huge.npy", npy(Float64Array.of(0, 1, 0, -1e300), { descr: "<f8", shape: "(2, 2)" }));
file("sum.npy", thirdChances([0.2, 0.3, 0.4]));
file("sum-near.npy", thirdChances([0.2, 0.3, 0.5012]));
file("sum-zero.npy", thirdChances([0, 0, 0]));
file("negative.npy", thirdChances([0.75, -0.25, 0.5]));
file("chances-nan.npy", thirdChances([0.5, 0.5, NaN]));
file("features.npy", matrix([Array(7).fill(1), [1, 1, 1, NaN, 1, 1, 1]]));
file("scores-nan.npy", npy(Float32Array.of(1, 2, NaN)));

describe.each(backends)("%s: values", (backend) => {
  const scored = `--strategy entropy --backend ${backend} --out OUT/scores.npy`;
  const chances = `--kind probabilities ${scored}`;
  const picked = `--backend ${backend} --out OUT/picks.json`;
  const underHead = `--model ${goldenFile("head.npz")} ${scored}`;
  const remedy = /invalid:? skip/;

  test.each<Mistake>([
    ["NaN", `score nan.npy ${scored}`, /nan\.npy: row 2: class 1 is NaN/, remedy],
    ["infinity", `score infinite.npy ${scored}`, /infinite\.npy: row 1: class 0 is Infinity/, remedy],
    ["minus infinity", `score minus.npy ${scored}`, /minus\.npy: row 5: class 2 is -Infinity/, remedy],
    ["the first of several", `score several.npy ${scored}`, /several\.npy: row 3: class 2 is NaN/, /\b2 more\b/],
    ["an infinite half", `score half.npy ${scored}`, /half\.npy: row 1: class 1 is Infinity/],
    // The user will look for an infinity in vain: there is none in the file.
    ["what float32 cannot hold", `score huge.npy ${scored}`, /huge\.npy: row 1: class 1\b/, /float32|1e\+?300/],
    ["a sum below 1", `score sum.npy ${chances}`, /sum\.npy: row 2: .*sum to 0\.9\b/, remedy],
    ["a sum just over", `score sum-near.npy ${chances}`, /sum-near\.npy: row 2: .*sum to 1\.0012/],
    ["a sum of 0", `score sum-zero.npy ${chances}`, /sum-zero\.npy: row 2: .*sum to 0\b/],
    ["a negative one", `score negative.npy ${chances}`, /negative\.npy: row 2: class 1 .*-0\.25/],
    ["NaN in probabilities", `score chances-nan.npy ${chances}`, /chances-nan\.npy: row 2: class 2 is NaN/],
    ["logits for probabilities", `score pool.npy ${chances}`, /pool\.npy: row 0: .*sum to 6\b/, /5 more/],
    ["features", `score --features features.npy ${underHead}`, /features\.npy: row 1: column 3 is NaN/],
    ["in a selection", `select nan.npy -k 1 ${picked}`, /nan\.npy: row 2: class 1 is NaN/, remedy],
    ["scores", `select --scores scores-nan.npy -k 1 ${picked}`, /scores-nan\.npy: row 2\b.*NaN/],
    [
      "too few rows are valid",
      `select several.npy -k 4 --invalid skip ${picked}`,
      /\b4\b.* 3 rows left of 6 \(3 invalid\)/,
    ],
  ])("%s", refused);

  test("probabilities may miss 1 by 1e-3, to the last bit", async () => {
    // The last sum is within 1e-3 in float64, and beyond once it is rounded to float32.
    const sums = [1 + 9.9e-4, 1 - 9.9e-4, 1 + 8388.5625 * 2 ** -23];
    const small = Math.floor(0.1 * 2 ** 27) / 2 ** 27;
    const rows = sums.map((sum) => {
      const large = Math.round((sum - small) * 2 ** 24) / 2 ** 24;
      return [large, sum - large];
    });
    const name = `${backend}-sums.npy`;
    file(name, matrix(rows));
    const { stdout } = await done(`score ${name} --kind probabilities --strategy margin --backend ${backend} --out -`);
    expect(stdout.split("\n")).toHaveLength(rows.length + 2);
  });
});

const scored = "--strategy entropy --backend cpu --out OUT/scores.csv";

file("list.npy", zeros("(6,)", 6));
file("passes.npy", zeros("(2, 3, 2)", 12));
file("columns.npy", zeros("(2, 6, 1)", 12));
file("four.npy", zeros("(1, 1, 3, 2)", 6));
file("scalar.npy", zeros("()", 1));
file("no-rows.npy", zeros("(0, 3)", 0));
file("complex.npy", npy(new Float32Array(4), { descr: "<c8", shape: "(1, 2)" }));
file("strings.npy", npy(new Float32Array(4), { descr: "<U2", shape: "(1, 2)" }));
file("objects.npy", npy(Buffer.from("\x80\x04K\x01."), { descr: "|O", shape: "(1, 1)" }));
file(
  "fields.npy",
  npy(new Float32Array(4), { dict: "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }" }),
);

test.each<Mistake>([
  ["one axis", `score list.npy ${scored}`, /list\.npy: shape \[6\]/, /\[rows, classes\] or \[passes, /],
  ["features of several passes", `score --features passes.npy --model ${deep} ${scored}`, /passes\.npy: 2 passes/],
  [
    "scores of several passes",
    "select --scores columns.npy -k 1 --backend cpu --out OUT/p.csv",
    /columns\.npy: 2 passes/,
  ],
  ["four axes", `score four.npy ${scored}`, /four\.npy: shape \[1, 1, 3, 2\] has 4 axes/],
  ["no axis", `score scalar.npy ${scored}`, /scalar\.npy: shape \[\]/],
  ["no rows", `score no-rows.npy ${scored}`, /no-rows\.npy: shape \[0, 3\] is empty/],
  [
    "complex numbers",
    `score complex.npy ${scored}`,
    /complex\.npy: dtype "<c8" \(complex\) is not supported/,
    /astype/,
  ],
  ["strings", `score strings.npy ${scored}`, /strings\.npy: dtype "<U2" \(strings\) is not supported/],
  ["a pickle", `score objects.npy ${scored}`, /objects\.npy: dtype "\|O" \(Python objects\) is not supported/],
  ["fields", `score fields.npy ${scored}`, /fields\.npy: a structured dtype is not supported/],
  ["scores by several strategies", "select --scores pool.npy -k 1 --out OUT/p.csv", /pool\.npy: .*\bone\b.*\b3\b/],
])("shapes and types: %s", refused);

file("nothing.npy", "");
file("magic.npy", pool.subarray(0, 5));
file("text.npy", "row,entropy\n0,0.5\n");
file("version.npy", patched(pool, 6, 9));
file("header.npy", pool.subarray(0, 40));
file("length.npy", patched(pool, 9, 200));
file("dict.npy", npy(new Float32Array(2), { dict: "not a dict" }));
file("key.npy", npy(new Float32Array(2), { dict: "{'descr': '<f4', 'shape': (1, 2)}" }));
file("short.npy", pool.subarray(0, -1));
file("long.npy", Buffer.concat([pool, Buffer.alloc(4)]));
file("absent.npy", zeros("(4000000000, 3)", 6));
file("endless.npy", zeros(`(${2n ** 62n}, 3)`, 6));
file("below.npy", zeros("(-2, 3)", 6));

test.each<Mistake>([
  ["an empty file", `score nothing.npy ${scored}`, /nothing\.npy: (not a \.npy file|truncated)/],
  ["half a magic", `score magic.npy ${scored}`, /magic\.npy: (not a \.npy file|truncated)/],
  ["a text", `score text.npy ${scored}`, /text\.npy: not a \.npy file/, /numpy\.save/],
  ["a version to come", `score version.npy ${scored}`, /version\.npy: \.npy version 9\.0/],
  ["half a header", `score header.npy ${scored}`, /header\.npy: truncated/],
  [
    "a header past the end",
    `score length.npy ${scored}`,
    /length\.npy: truncated: the \.npy header should have \d+ bytes/,
  ],
  ["no dict", `score dict.npy ${scored}`, /dict\.npy: bad \.npy header/],
  ["no order", `score key.npy ${scored}`, /key\.npy: bad \.npy header: "fortran_order" is missing/],
  ["one byte short", `score short.npy ${scored}`, /short\.npy: truncated: .*needs 72 bytes of values, the file has 71/],
  [
    "one value too many",
    `score long.npy ${scored}`,
    /long\.npy: too long: .*needs 72 bytes of values, the file has 76/,
  ],
  ["rows that are not there", `score absent.npy ${scored}`, /absent\.npy: truncated: shape \[4000000000, 3\]/],
  ["more than there can be", `score endless.npy ${scored}`, /endless\.npy: bad \.npy header: shape/],
  ["less than nothing", `score below.npy ${scored}`, /below\.npy: bad \.npy header: shape/],
])("headers that lie: %s", refused);

file("fewer.npy", matrix(good.slice(1)));
file("two-classes.npy", matrix(good.map(([a, b]) => [a, b])));
file("hole.npy", withRows({ 4: [0, NaN, 0] }));
file(
  "holes.npy",
  npy(Float32Array.from([...good, ...good, [NaN], ...good].flat()).subarray(0, 54), { shape: "(3, 6, 3)" }),
);

test.each<Mistake>([
  ["of fewer rows", `score pool.npy fewer.npy ${scored}`, /fewer\.npy: 5 × 3 beside pool\.npy with 6 × 3: .*agree/],
  [
    "of other classes",
    `score pool.npy nan.npy two-classes.npy ${scored}`,
    /two-classes\.npy: 6 × 2 beside pool\.npy with 6 × 3/,
  ],
  [
    "of two passes and other rows",
    `score passes.npy two-classes.npy ${scored}`,
    /two-classes\.npy: 6 × 2 beside passes\.npy with 3 × 2/,
  ],
  [
    "with NaN",
    "score pool.npy hole.npy --strategy bald --backend cpu --out OUT/s.npy",
    /poolwise: hole\.npy: row 4: class 1 is NaN/,
  ],
  [
    "with NaN in a pass",
    "select pool.npy holes.npy -k 1 --backend cpu --out OUT/p.npy",
    /holes\.npy: pass 2: row 0: class 0 is NaN/,
  ],
  ["that is a list", `score pool.npy list.npy ${scored}`, /list\.npy: shape \[6\] is one list/],
])("members: %s", refused);

const head = readFileSync(goldenFile("head.safetensors"));
const spoiled = Buffer.from(head);
spoiled.writeFloatLE(NaN, spoiled.length - 4);
const heavy = Buffer.from(head);
heavy.writeFloatLE(1e30, heavy.length - 4 * (28 + 4));
file("cut.safetensors", head.subarray(0, -4));
file("nan.safetensors", spoiled);
file("text.safetensors", "these are no weights");
file("cut.npz", readFileSync(goldenFile("head.npz")).subarray(0, 300));
file("array.npz", pool);
file("five.npy", zeros("(2, 5)", 10));
file("seven.npy", zeros("(2, 7)", 14));
file("heavy.safetensors", heavy);

test.each<Mistake>([
  [
    "for other features",
    `score --features pool.npy --model ${goldenFile("head.npz")} ${scored}`,
    /head\.npz/,
    /\b7\b.*\b3\b/,
  ],
  [
    "deep, for other features",
    `score --features pool.npy --model ${deep} ${scored}`,
    /deep-prefix\.safetensors: layer 0\b/,
  ],
  [
    "without a hidden layer",
    `score --features five.npy --model ${linear} --passes 2 --dropout 0.5 ${scored}`,
    /linear-F32\.safetensors: .*hidden layer/,
  ],
  ["cut short", `score --features pool.npy --model cut.safetensors ${scored}`, /cut\.safetensors: truncated/],
  ["no tensors", `score --features pool.npy --model text.safetensors ${scored}`, /not a \.safetensors file/],
  ["NaN", `score --features pool.npy --model nan.safetensors ${scored}`, /nan\.safetensors: layer 0 holds NaN/],
  // Times a feature it may be beyond float32, and then no kernel could tell what the textbook can.
  [
    "a weight past all bounds",
    `score --features seven.npy --model heavy.safetensors ${scored}`,
    /heavy\.safetensors: .*1e\+?30/,
  ],
  ["an archive cut short", `score --features pool.npy --model cut.npz ${scored}`, /cut\.npz: not a whole zip archive/],
  ["no archive", `score --features pool.npy --model array.npz ${scored}`, /array\.npz: not a whole zip archive/],
  ["missing", `score --features pool.npy --model missing.npz ${scored}`, /missing\.npz: no such file/],
  ["of PyTorch", `score --features pool.npy --model m.pt ${scored}`, /m\.pt: unknown .*\.pt; .*\.safetensors, \.npz/],
])("heads: %s", refused);

file("outside.csv", "row\n2\n6\n");
file("negative.jsonl", "2\n-1\n");
file("fraction.npy", npy(Float64Array.of(1, 2.5), { descr: "<f8" }));
file("names.csv", "id,label\n1,cat\n");
file("broken.json", '{"picks": [1, 2');
file("other.json", '{"rows": [1, 2]}');
file("table.npy", npy(Int32Array.of(0, 1, 2, 3), { descr: "<i4", shape: "(2, 2)" }));
file("mask.npy", npy(Uint8Array.of(1, 0, 1, 0, 0, 0), { descr: "|b1" }));
const picked = "-k 1 --backend cpu --out OUT/picks.csv";

test.each<Mistake>([
  ["outside", `select pool.npy --labelled outside.csv ${picked}`, /outside\.csv: row 6 is not in the pool: .*0 to 5/],
  ["negative", `select pool.npy --labelled negative.jsonl ${picked}`, /negative\.jsonl: line 2 holds -1/],
  ["half a row", `select pool.npy --labelled fraction.npy ${picked}`, /fraction\.npy: index 1 holds 2\.5/],
  [
    "no row column",
    `select pool.npy --labelled names.csv ${picked}`,
    /names\.csv: .*"row" column; it has "id", "label"/,
  ],
  ["broken JSON", `select pool.npy --labelled broken.json ${picked}`, /broken\.json: /],
  ["JSON of something else", `select pool.npy --labelled other.json ${picked}`, /other\.json: .*"picks"/],
  ["a table", `select pool.npy --labelled table.npy ${picked}`, /table\.npy: shape \[2, 2\] is not a list/],
  // Taken for row numbers, a mask would silently mean rows 0 and 1.
  ["a mask", `select pool.npy --labelled mask.npy ${picked}`, /mask\.npy: .*(bool|mask)/],
  ["missing", `select pool.npy --labelled missing.csv ${picked}`, /missing\.csv: no such file/],
  ["of unknown kind", `select pool.npy --labelled l.txt ${picked}`, /l\.txt: unknown .*\.npy, \.csv, \.jsonl, \.json/],
])("labels: %s", refused);

test("nothing is begun on standard output", async () => {
  const ran = await run("score several.npy --strategy margin --backend cpu --out -");
  expectRefusal(ran, [/several\.npy: row 3: class 2 is NaN/]);
});
