/** Reads one input again: `npx tsx test/reliability/support/again.ts csv 123`. The input stays, to be looked at. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inputOf, type Kind, subjects } from "./subjects.ts";
import { countArrays, tried } from "./trial.ts";

const [, , kind, input] = process.argv as [string, string, Kind, string];
const folder = mkdtempSync(join(tmpdir(), "poolwise-again-"));
countArrays();
console.log(await tried(kind, Number(input), folder));
const { name, content, draws } = inputOf(kind, Number(input));
const path = join(folder, name);
writeFileSync(path, content);
console.log(path);
await subjects[kind].read(path, draws).catch((error: Error) => console.log(error.message.slice(0, 2000)));
