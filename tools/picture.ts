/** Runs `npm start` and photographs what it prints: docs/flights.png, the README's picture. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright";
import { chromiumLaunchOptions } from "../test/support/chromium.ts";

const out = join(mkdtempSync(join(tmpdir(), "poolwise-picture-")), "picks.csv");
const printed = execFileSync(process.execPath, ["--import", "tsx", "demo/flights.ts", "--out", out], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
}).replace(out, "picks.csv");
const escaped = printed.trim().replaceAll("&", "&amp;").replaceAll("<", "&lt;");

const browser = await chromium.launch(chromiumLaunchOptions());
const page = await browser.newPage({ deviceScaleFactor: 2 });
await page.setContent(`<style>
  body { margin: 0; background: #0f172a }
  pre { display: inline-block; margin: 0; padding: 22px 26px; color: #dbe4f0; font: 13px/1.45 "DejaVu Sans Mono", Menlo, Consolas, monospace }
  b { color: #7dd3fc; font-weight: normal }
</style><pre><b>$ npm start</b>\n\n${escaped}</pre>`);
mkdirSync("docs", { recursive: true });
await page.locator("pre").screenshot({ path: "docs/flights.png" });
await browser.close();
