/** A folder for one test file, and what an error that a user meets must look like. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { InputError } from "../../src/errors.ts";

/** The path of a name in a folder that goes when the test file is through; with content, the file is there. */
export function scratchFolder(): (name: string, content?: Uint8Array | string) => string {
  const folder = mkdtempSync(join(tmpdir(), "poolwise-files-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name, content) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };
}

/** One line that begins with the file and matches. */
export async function expectInputError(promise: Promise<unknown>, path: string, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  const text = (error as InputError).message;
  expect(text.startsWith(`${path}: `), text).toBe(true);
  expect(text).toMatch(message);
  expect(text).not.toContain("\n");
}
