/** The package as its user meets it: packed, installed into an empty folder, run in Node, bundled for a browser. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright";
import { build, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chromiumLaunchOptions } from "./support/chromium.ts";

const root = join(import.meta.dirname, "..");
const home = mkdtempSync(join(tmpdir(), "poolwise-package-"));

/** Node and browsers print objects differently, JSON is the same in both. */
const logAsJson = "const log = console.log; console.log = (...values) => log(JSON.stringify(values));";

/** A whole number that is part of no fraction: a row. */
const rowNumber = /(?<![\d.])\d+(?![\d.])/;

beforeAll(async () => {
  await run(root, "npm", "run", "build");
  await run(root, "npm", "pack", "--pack-destination", home);
  const tarball = readdirSync(home).find((name) => name.endsWith(".tgz"))!;
  writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run(home, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball}`);
  writeFileSync(join(home, "example.mjs"), libraryExample());
}, 180_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

test("the command is there", async () => {
  expect(await run(home, "npx", "poolwise", "info", "--backend", "cpu")).toContain("cpu");
});

test("the README's library example runs in Node", async () => {
  const preload = `data:text/javascript,${encodeURIComponent(logAsJson)}`;
  expect(await run(home, "node", "--import", preload, "example.mjs")).toMatch(rowNumber);
});

test("the same example, bundled by vite, runs in a browser", async () => {
  const { logs, errors } = await consoleOf(await bundled("example.mjs"));
  expect(errors).toEqual([]);
  expect(logs.join("\n")).toMatch(rowNumber);
}, 60_000);

test("poolwise/web, bundled without the packages that some formats need, opens files in a browser", async () => {
  const page = `
    import { openFile } from "poolwise/web";
    const parquet = new File(["PAR1\\0\\0\\0\\0\\0\\0\\0\\0PAR1"], "x.parquet");
    const said = await openFile(parquet).catch(({ message }) => message);
    const rows = await openFile(new File(["a,b\\n0.5,0.25\\n"], "x.csv"));
    const into = new Float32Array(2);
    await rows.read(0, 1, into);
    console.log([said, ...into, rows.rows]);`;
  writeFileSync(join(home, "web.mjs"), page);
  const folder = await bundled("web.mjs");
  const scripts = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  for (const name of scripts)
    expect(readFileSync(join(folder, name), "utf8")).not.toMatch(/browser-external|["']node:|\bBuffer\.|\bprocess\./);
  const { logs, errors } = await consoleOf(folder);
  expect(errors).toEqual([]);
  expect(JSON.parse(logs[0])[0]).toEqual([expect.stringMatching(/^x\.parquet: .*npm install hyparquet/), 0.5, 0.25, 1]);
}, 60_000);

/** The README promises this code to everybody, so it is this code that is tested. */
function libraryExample(): string {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const found = readme.match(/^#+ [^\n]*\bLibrary\b.*?^```ts\n(.*?)^```/ims);
  if (!found) throw new Error('README.md: no ```ts block after a heading with "Library" in it');
  return found[1];
}

/** The folder of a page that runs a script of the package's user, and of it alone. */
async function bundled(script: string): Promise<string> {
  const outDir = join(home, script.replace(".mjs", "-built"));
  writeFileSync(
    join(home, "index.html"),
    `<link rel="icon" href="data:," /><script type="module" src="./${script}"></script>`,
  );
  await build({ root: home, configFile: false, logLevel: "error", build: { target: "esnext", outDir } });
  return outDir;
}

/** What a built page writes to its console until the picks, or an error, are there. */
async function consoleOf(folder: string): Promise<{ logs: string[]; errors: string[] }> {
  const logs: string[] = [];
  const errors: string[] = [];
  const server = await preview({
    root: home,
    configFile: false,
    build: { outDir: folder },
    preview: { port: 0, host: "127.0.0.1" },
  });
  const browser = await chromium.launch(chromiumLaunchOptions());
  try {
    const page = await browser.newPage();
    page.on("console", (message) => (message.type() === "error" ? errors : logs).push(message.text()));
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.addInitScript(logAsJson);
    await page.goto(server.resolvedUrls!.local[0]);
    await expect.poll(() => errors.length > 0 || rowNumber.test(logs.join("\n")), { timeout: 30_000 }).toBe(true);
  } finally {
    await browser.close();
    await server.close();
  }
  return { logs, errors };
}

/** What a command wrote to standard output. One that fails throws with all it wrote. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { cwd })).stdout;
  } catch (error) {
    const { message, stdout } = error as Error & { stdout: string };
    throw new Error(`${message}\n${stdout}`, { cause: error });
  }
}
