/** The command line as its user meets it: arguments, exit status, what it writes, and files. */
import { type ChildProcessWithoutNullStreams, fork, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, vi } from "vitest";

export const root = join(import.meta.dirname, "../..");
export const backends = ["cpu", "webgpu"] as const;
export type BackendName = (typeof backends)[number];

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  /** Without what graphics drivers write there. */
  readonly stderr: string;
}

/** Words apart by spaces, or a list of arguments where one of them has a space. */
export type Arguments = string | readonly string[];

export interface CommandLine {
  /** Runs poolwise in the folder `files`, in a process that the tests of a file share. */
  run(args: Arguments): Promise<Ran>;
  /** As `run`; it must exit with 0. */
  done(args: Arguments): Promise<Ran>;
  /** Runs poolwise in a process of its own. */
  start(args: Arguments, env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** Where it runs: names in arguments are files here. */
  readonly files: string;
  /** The path of a name in `files`; with content, the file is there. */
  file(name: string, content?: Uint8Array | string): string;
}

/** How Node runs poolwise from source. */
export const fromSource = ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];
export const main = join(root, "src/cli/main.ts");

/** A command line for the tests of one file. */
export function commandLine(): CommandLine {
  // Some software adapters compile one kernel for seconds.
  vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });
  const files = mkdtempSync(join(tmpdir(), "poolwise-cli-"));
  const host = openHost(files);
  beforeAll(() => host.run(["--version"])); // tells early when it cannot start
  afterAll(() => {
    host.close();
    rmSync(files, { recursive: true, force: true });
  });

  return {
    files,
    run: (args) => host.run(list(args)),
    async done(args) {
      const ran = await host.run(list(args));
      expect(ran, list(args).join(" ")).toMatchObject({ code: 0 });
      return ran;
    },
    start: (args, env) => start([...fromSource, main, ...list(args)], files, env),
    file(name, content) {
      const path = join(files, name);
      mkdirSync(dirname(path), { recursive: true });
      if (content !== undefined) writeFileSync(path, content);
      return path;
    },
  };
}

const list = (args: Arguments): readonly string[] => (typeof args === "string" ? args.split(" ") : args);

/** Colours would only get between words. */
const plain = { NO_COLOR: "1", FORCE_COLOR: undefined };

/** `host.ts` in a child process: runs one command line after another. */
function openHost(cwd: string): { run(args: readonly string[]): Promise<Ran>; close(): void } {
  const child = fork(join(import.meta.dirname, "host.ts"), [main], {
    cwd,
    execArgv: fromSource,
    env: { ...process.env, ...plain },
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => (complaints += chunk));
  const waiting: { resolve(ran: Ran): void; reject(error: Error): void }[] = [];
  child.on("message", (ran: Ran) => waiting.shift()!.resolve(ran));
  child.on("exit", (code, signal) => {
    for (const { reject } of waiting) reject(new Error(`the host ended (${signal ?? code}): ${complaints}`));
  });
  return {
    run: (args) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.send(args, (error) => error && reject(error));
      }),
    close: () => child.kill("SIGKILL"),
  };
}

function start(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const options = { cwd, env: { ...process.env, ...plain, ...env } };
  return ended(spawn(process.execPath, args, options));
}

/** What a process came to. */
export function ended(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  const text = { stdout: "", stderr: "" };
  child.stdin.end();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout: text.stdout, stderr: withoutDrivers(text.stderr) }));
  });
}

/** Drivers and Dawn write warnings past Node, some with the C++ function they come from. */
function withoutDrivers(stderr: string): string {
  return stderr.replace(/^Warning: (maxDynamic|vk|loader_)[^\n]*\n(    at \w+ \([^\n]*\.cpp:\d+\)\n\n?)?/gm, "");
}
