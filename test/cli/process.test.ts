/** What only a process of its own can show: exit statuses, machines without WebGPU, a fault of ours, a closed pipe. */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { backends, commandLine, ended, fromSource, main } from "./commandLine.ts";
import { golden, inputOf } from "./golden.ts";
import { matrix, npy } from "./npy.ts";
import { expectRefusal } from "./refusal.ts";

const { start, done, file } = commandLine();
const input = inputOf(golden("plain logits, classes 3, temperature 1"));

file("pool.npy", matrix([[1, 2], [0, 0]])); // prettier-ignore
file("nan.npy", matrix([[1, 2], [0, NaN]])); // prettier-ignore
const long = file("long.npy", matrix(Array.from({ length: 50_000 }, (_, row) => [row % 7, 0])));
file("out/.keep", "");

test.each([
  ["cpu", "score", "--strategy margin,random"],
  ["cpu", "select", "--strategy margin -k 4"],
  ["webgpu", "score", "--strategy margin,random"],
  ["webgpu", "select", "--strategy margin -k 4"],
])("%s: %s says and writes what the shared process does, and ends", async (backend, command, options) => {
  const args = [command, ...input, ...options.split(" "), "--backend", backend, "--quiet", "--out"];
  const names = [`${backend}-own-${command}.csv`, `${backend}-shared-${command}.csv`];
  const own = await start([...args, names[0]]);
  expect(own).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await done([...args, names[1]])).toEqual(own);
  const [ours, theirs] = names.map((name) => readFileSync(file(name), "utf8"));
  expect(ours).toBe(theirs);
});

test("standard output is the same, too", async () => {
  const args = ["select", ...input, "-k", "4", "--backend", "cpu", "--out", "-", "--quiet"];
  const own = await start(args);
  expect(own.stdout).toContain('"picks"');
  expect(await done(args)).toEqual(own);
});

test.each(backends)("%s: exit status 2 for a mistake", async (backend) => {
  const ran = await start(`score nan.npy --strategy entropy --backend ${backend} --out out/s.npy`);
  expectRefusal(ran, [/nan\.npy: row 1: class 1 is NaN/]);
  expect(readdirSync(file("out"))).toEqual([".keep"]);
});

describe("without WebGPU", () => {
  /** The Vulkan loader then knows no driver, and Dawn on Linux knows nothing but Vulkan. */
  const noDriver = { VK_DRIVER_FILES: "/nonexistent.json", VK_ICD_FILENAMES: "/nonexistent.json" };
  const noPackage = preloading(
    "no-package.mjs",
    `import { register } from "node:module";
     const hooks = \`export const resolve = (name, context, next) => {
       if (name === "webgpu") throw new Error("Cannot find package 'webgpu'");
       return next(name, context);
     }\`;
     register("data:text/javascript," + encodeURIComponent(hooks));`,
  );
  const noDriverFound = [/no WebGPU/, /Dawn/, /Vulkan driver/, /--backend cpu/];
  const noPackageFound = [/no WebGPU/, /npm install webgpu/, /--backend cpu/];

  test.each([
    ["info --backend webgpu", noDriver, noDriverFound],
    ["score pool.npy --strategy margin --backend webgpu --out out/s.npy", noDriver, noDriverFound],
    ["select pool.npy -k 1 --backend webgpu --out out/p.json", noPackage, noPackageFound],
  ])("%s is refused with what was looked for and how to get it", async (args, env, says) => {
    expectRefusal(await start(args, env), says);
    expect(readdirSync(file("out"))).toEqual([".keep"]);
  });

  test("the cpu does the work where nothing else was asked for", async () => {
    const both = await Promise.all([start("info --json", noDriver), start("info --json", noPackage)]);
    for (const { code, stdout, stderr } of both) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout)).toMatchObject({ backend: "cpu", reason: expect.stringMatching(/no GPU/) });
    }
  });
});

test("a fault of ours: exit status 1, and all that a report needs", async () => {
  const broken = `Object.defineProperty(globalThis, "navigator", {
    value: { gpu: { requestAdapter() { throw new TypeError("nobody foresaw this"); } } },
  });`;
  const args = "score pool.npy --strategy margin --backend webgpu --out out/s.npy";
  const { code, stdout, stderr } = await start(args, preloading("broken.mjs", broken));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^poolwise: .*our fault.*report.*TypeError: nobody foresaw this\n +at /);
  expect(readdirSync(file("out"))).toEqual([".keep"]);
});

test("a reader that has seen enough is no fault at all", async () => {
  const args = ["score", long, "--strategy", "margin,entropy", "--backend", "cpu", "--quiet", "--out", "-"];
  const child = spawn(process.execPath, [...fromSource, main, ...args]);
  child.stdout.once("data", () => child.stdout.destroy());
  expect(await ended(child)).toMatchObject({ code: 0, stderr: "" });
});

test.each([
  "info --backend cpu",
  "score --help",
  "score pool.npy --strategy margin --backend cpu --json --out out.npy",
])("nor is one that has gone: %s", async (args) => {
  const child = spawn(process.execPath, [...fromSource, main, ...args.split(" ")], { cwd: dirname(long) });
  child.stdout.destroy();
  expect(await ended(child)).toMatchObject({ code: 0, stderr: "" });
});

test.each(["info --backend cpu", "score --help", "score pool.npy --strategy margin --backend cpu --quiet --out -"])(
  "standard output that is full: %s",
  async (args) => {
    const command = ["-c", 'exec "$0" "$@" >/dev/full', process.execPath, ...fromSource, main, ...args.split(" ")];
    expectRefusal(await ended(spawn("sh", command, { cwd: dirname(long) })), [/standard output could not be written/]);
  },
);

test("a disk that fills up: nothing is left of the file that was begun", async () => {
  const out = file("out/s.csv");
  const args = ["score", long, "--strategy", "margin", "--backend", "cpu", "--out", out];
  // A limit on the size of files is the nearest thing to a full disk that everybody may have.
  const limited = ["-c", 'ulimit -f 64 && exec "$0" "$@"', process.execPath, ...fromSource, main, ...args];
  expectRefusal(await ended(spawn("sh", limited)), [/out\/s\.csv: could not be written/]);
  expect(readdirSync(file("out"))).toEqual([".keep"]);
});

describe("stopped in the middle", () => {
  const embeddings = file(
    "blobs.npy",
    npy(
      Float32Array.from({ length: 200_000 * 16 }, (_, i) => Math.sin(i * i)),
      { shape: "(200000, 16)" },
    ),
  );
  const dataset = ["simulate", "--dataset", "digits", "--strategies", "margin", "-k", "20", "--rounds", "30"];
  test.each([
    ["SIGINT", 130, "select", ["select", "--embeddings", embeddings, "--batch", "k-center", "-k", "5000"]],
    ["SIGTERM", 143, "select", ["select", "--embeddings", embeddings, "--batch", "kmeans", "-k", "500"]],
    ["SIGINT", 130, "coldstart", ["coldstart", "--embeddings", embeddings, "-k", "500", "--method", "typiclust"]],
    ["SIGINT", 130, "simulate", [...dataset, "--seeds", "2"]],
  ] as const)("by %s: status %i, a line, and nothing half there: %s", async (signal, code, name, args) => {
    const out = file(`stopped/${name}-${code}/${name === "simulate" ? "study" : "picks.json"}`);
    mkdirSync(dirname(out), { recursive: true });
    // Once it listens and has been at work for a second: on a busy machine nobody else knows when that is.
    const stopper = `let ticks = 0;
      const timer = setInterval(() => {
        if (process.listenerCount("${signal}") === 0 || ++ticks < 20) return;
        clearInterval(timer);
        process.kill(process.pid, "${signal}");
      }, 50);
      timer.unref();`;
    const env = { ...process.env, ...preloading(`stop-by-${signal}.mjs`, stopper) };
    const child = spawn(process.execPath, [...fromSource, main, ...args, "--backend", "cpu", "--out", out], { env });
    const ran = await ended(child);
    expect(ran).toMatchObject({ code, stderr: `poolwise: stopped by ${signal}\n` });
    if (name !== "simulate") expect(readdirSync(dirname(out))).toEqual([]);
  });

  test("while it waits for a server: sooner than what has not ended is left as it is", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.npy`;
    const args = ["score", url, "--strategy", "margin", "--backend", "cpu", "--out", file("never.npy")];
    const child = spawn(process.execPath, [...fromSource, main, ...args]);
    let stopped = Infinity;
    server.once("request", () => {
      stopped = performance.now();
      child.kill("SIGINT");
    });
    expect(await ended(child)).toMatchObject({ code: 130, stderr: "poolwise: stopped by SIGINT\n" });
    expect(performance.now() - stopped).toBeLessThan(1800);
    server.close();
  });
});

/** An environment in which Node runs a module before poolwise. */
function preloading(name: string, module: string): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${pathToFileURL(file(name, module))}` };
}
