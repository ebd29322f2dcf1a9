/** What a user's mistake must come to: one line that says what, where and what to do, exit status 2, and no file. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Arguments, CommandLine, Ran } from "./commandLine.ts";

/** A row of a table of mistakes. `OUT` in its arguments is a folder of its own, which must be empty afterwards. */
export type Mistake = [what: string, args: Arguments, ...says: RegExp[]];

/** The test of one row. */
export function refusing({ run, files }: CommandLine): (...mistake: Mistake) => Promise<void> {
  let folders = 0;
  return async (_, args, ...says) => {
    const out = `out-${++folders}`;
    mkdirSync(join(files, out));
    const list = typeof args === "string" ? args.split(" ") : args;
    const ran = await run(list.map((arg) => arg.replace(/^OUT\//, `${out}/`)));
    expectRefusal({ ...ran, stderr: ran.stderr.replaceAll(`${out}/`, "OUT/") }, says);
    expect(readdirSync(join(files, out))).toEqual([]);
  };
}

export function expectRefusal({ code, stdout, stderr }: Ran, says: readonly RegExp[]): void {
  expect(stderr).toMatch(/^poolwise: [^\n]+\n$/);
  for (const pattern of says) expect(stderr).toMatch(pattern);
  // No stack, and nothing that was meant to be a name or a number.
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+|undefined|\[object|: :|please report/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
}
