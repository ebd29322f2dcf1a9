import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { checkOutput, writeFileWhole } from "../../src/files/index.ts";
import { expectInputError, scratchFolder } from "./scratch.ts";

const root = join(import.meta.dirname, "../..");
const output = join(root, "src/files/output.ts");
const node = (script: string) => ["--import", "tsx", "--input-type=module", "-e", script];

const scratch = scratchFolder();
const leftBehind = () => readdirSync(dirname(scratch("x"))).filter((name) => name.endsWith(".tmp"));

test("chunks of both kinds become one file, which is not there before the end", async () => {
  const path = scratch("chunks.txt");
  await writeFileWhole(path, async (write) => {
    await write("é = ");
    expect(leftBehind()).toHaveLength(1);
    await write(new Uint8Array([49, 50]).subarray(1));
    await write(new Uint8Array(new SharedArrayBuffer(3)));
    expect(existsSync(path)).toBe(false);
  });
  expect(readFileSync(path, "utf8")).toBe("é = 2\0\0\0");
  expect(leftBehind()).toEqual([]);
});

test("a failure leaves what was there, and nothing beside it", async () => {
  const path = scratch("kept.txt", "old");
  const abort = new AbortController();
  const aborted = writeFileWhole(path, async (write) => {
    await write("new");
    abort.abort();
    abort.signal.throwIfAborted();
  });
  await expect(aborted).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(leftBehind()).toEqual([]);
});

test("a file that is replaced keeps its permissions, a link keeps pointing", async () => {
  const path = scratch("private.txt", "old");
  chmodSync(path, 0o600);
  const link = scratch("link.txt");
  symlinkSync(path, link);
  await writeFileWhole(link, (write) => write("new"));
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(link, "utf8")).toBe("new");
});

const folder = scratch("folder.csv");
mkdirSync(folder);

test.each([
  ["a folder", folder, /is a folder/],
  ["the name of a folder", `${scratch("new.csv")}/`, /is a folder/],
  ["in no folder", scratch("nowhere/x.csv"), /there is no folder .*nowhere; create it first/],
  ["in a file", join(scratch("file.csv", ""), "x.csv"), /there is no folder/],
  ["a device", "/dev/null", /not a regular file; use - for standard output/],
])("refused before and while writing: %s", async (_, path, message) => {
  let filled = false;
  const fill = async () => void (filled = true);
  await expectInputError(writeFileWhole(path, fill), path, message);
  expect(filled).toBe(false);
  if (path !== "/dev/null") await expectInputError(checkOutput(path, [".csv"]), path, message);
});

test.each([
  ["a folder that may not be written", "locked/x.csv", /the folder .*locked may not be written/],
  ["a file that may not be written", "kept.csv", /may not be overwritten/],
])("refused for want of permission: %s", (_, name, message) => {
  const path = scratch(name);
  mkdirSync(scratch("locked"), { recursive: true });
  chmodSync(scratch("locked"), 0o555);
  chmodSync(scratch("kept.csv", "old"), 0o444);
  chmodSync(dirname(scratch("x")), 0o755);
  const check = `
    import { checkOutput } from ${JSON.stringify(output)};
    await checkOutput(${JSON.stringify(path)}, [".csv"]).catch((error) => console.log(error.name, error.message));
  `;
  // The superuser may write everywhere, so what is refused is tried as somebody else.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const { stdout, stderr } = spawnSync(process.execPath, node(check), { encoding: "utf8", cwd: root, ...user });
  expect(stderr).toBe("");
  expect(stdout.startsWith(`InputError ${path}: `), stdout).toBe(true);
  expect(stdout).toMatch(message);
});

test("an output is checked by its extension first", async () => {
  await expectInputError(
    checkOutput("x.xlsx", [".csv", ".npy"]),
    "x.xlsx",
    /unknown extension \.xlsx; known here: \.csv, \.npy$/,
  );
  await expectInputError(checkOutput("scores", [".csv"]), "scores", /no extension; known here: \.csv$/);
  await checkOutput("-", [".csv"]);
  await checkOutput(scratch("fine.CSV"), [".csv"]);
  expect(existsSync(scratch("fine.CSV"))).toBe(false);
});

const longOutput = `
  import { writeFileWhole } from ${JSON.stringify(output)};
  await writeFileWhole("-", async (write) => {
    for (let i = 0; i < 2000; i++) await write("x".repeat(1023) + "\\n");
  });
  console.error("done");
`;

test("- is standard output", () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, node(longOutput), {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 24,
  });
  expect([stdout.length, stderr, status]).toEqual([2000 * 1024, "done\n", 0]);
});

test("a reader that has seen enough is no failure", async () => {
  const child = spawn(process.execPath, node(longOutput), { cwd: root });
  let stderr = "";
  child.stderr.on("data", (text) => (stderr += text));
  child.stdout.once("data", () => child.stdout.destroy());
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect([stderr, status]).toEqual(["done\n", 0]);
});
