/** The page of a bench: it says what was measured, asks nobody for anything, and believes no name. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright";
import { afterAll, expect, test } from "vitest";
import type { FullReport } from "../bench/growth/run.ts";
import { benchPage } from "../bench/page/document.ts";
import { chromiumLaunchOptions } from "./support/chromium.ts";

const folder = mkdtempSync(join(tmpdir(), "poolwise-bench-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const warm = { median: 0.5, min: 0.25, max: 1 };
const point = (size: number, median: number) => ({
  size,
  rows: 100,
  warm: { ...warm, median },
  runs: 5,
  floorOverMeasured: 0.5,
});

/** Whatever is a name is one that would run if it could. */
const reportOf = (name: string): FullReport =>
  ({
    poolwise: "9.8.7",
    commit: name,
    date: "2026-01-02T03:04:05.000Z",
    node: "20.0.0",
    machine: { cpu: name, threads: 2, platform: "linux x64" },
    backends: [{ backend: "cpu", adapter: name, software: false, threads: 2 }, { backend: "webgpu", adapter: name, software: true, threads: 1 }], // prettier-ignore
    quick: false,
    peers: [{ library: name, version: name, python: name }],
    ceilings: [
      {
        backend: "cpu",
        bytes: 12e9,
        multiplyAdds: 1e9,
        exps: 1e9,
        dispatch: 2e-6,
        map: 1e-3,
        upload: 1e9,
        download: 1e9,
      },
    ],
    cases: [
      {
        name,
        rows: 1000,
        results: [
          {
            backend: "cpu",
            software: false,
            rows: 1000,
            runs: 5,
            warm,
            floorOverMeasured: 0.25,
            floor: { boundBy: "exps" },
            ratios: { [name]: 40 },
          },
          { backend: "webgpu", software: true, rows: 1000, wrong: name },
        ],
        peers: [{ library: name, fault: name }],
      },
    ],
    growth: [
      {
        by: "rows",
        work: name,
        theory: 1,
        curves: [
          {
            backend: "cpu",
            software: false,
            points: [point(10, 0.1), point(1000, 10)],
            fit: { exponent: 1, standardError: 0.125, last: 1 },
          },
          { backend: "webgpu", software: true, wrong: name },
        ],
      },
    ],
  }) as unknown as FullReport;

test("in a browser names are text, and all that was measured is there", async () => {
  const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>"'&`;
  const path = join(folder, "page.html");
  writeFileSync(path, benchPage(reportOf(hostile)));
  const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: false }));
  try {
    const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
    const asked: string[] = [];
    const said: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => said.push(message.text()));
    page.on("dialog", (dialog) => {
      said.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(pathToFileURL(path).href);
    expect(said).toEqual([]);
    expect(asked).toEqual([pathToFileURL(path).href]);
    expect(await page.locator("img, script").count()).toBe(0);
    expect(await page.getByRole("heading", { name: hostile }).count()).toBeGreaterThan(0);
    const text = await page.locator("main").innerText();
    for (const part of [
      "9.8.7",
      "2026-01-02 03:04 UTC",
      "×40.0",
      "0.25 exp",
      "12.0 GB/s",
      "2.00 µs",
      "2 of 4 of ours were wrong",
      "plays a GPU",
    ])
      expect(text).toContain(part);
    expect(await page.locator("svg polyline").count()).toBe(1);
    // On a phone only tables are wider, within frames of their own.
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(400);
  } finally {
    await browser.close();
  }
}, 60_000);

test("bars reach from 1 to their ratio, a decade as far as any other", () => {
  const html = benchPage(reportOf("numpy"));
  // From ×1 to ×100: a factor of 40 is lg 40 / 2 of the way.
  expect(html).toContain(`style="left:0%;width:${Number((50 * Math.log10(40)).toFixed(2))}%"`);
});

test("what older files lack is left out, and a smoke run says that it is one", () => {
  const { ceilings: _, growth: __, ...older } = reportOf("numpy");
  const html = benchPage({ ...older, quick: true } as unknown as FullReport);
  expect(html).not.toContain("<h2>Ceilings");
  expect(html).not.toContain("<h2>As work grows");
  expect(html).toContain("is no measurement");
});
