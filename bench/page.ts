/** `tsx bench/page.ts JSON HTML`: the page of a bench that was kept. */
import { readFileSync } from "node:fs";
import { InputError } from "../src/errors.ts";
import { writeFileWhole } from "../src/files/output.ts";
import type { FullReport } from "./growth/run.ts";
import { benchPage } from "./page/document.ts";

try {
  const [json, html, ...more] = process.argv.slice(2);
  if (!json || !html || more.length > 0) throw new InputError("give two files: tsx bench/page.ts JSON HTML");
  await writeFileWhole(html, (write) => write(benchPage(readReport(json))));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`page: ${error.message}`);
  process.exitCode = 2;
}

function readReport(path: string): FullReport {
  let report: Partial<FullReport>;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is no JSON" : (error as NodeJS.ErrnoException).code;
    throw new InputError(`${path}: could not be read: ${why}`);
  }
  if (!Array.isArray(report?.cases) || !("quick" in report))
    throw new InputError(`${path}: not of \`npm run bench\`: give what that wrote by --json`);
  return report as FullReport;
}
