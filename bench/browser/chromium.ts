/** The cpu backend in a headless Chromium, with threads (a page that is cross-origin isolated) and without. */
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import { createServer } from "vite";
import { chromiumLaunchOptions } from "../../test/support/chromium.ts";
import type { Contender } from "../../src/bench/run.ts";
import type { bench } from "./page.ts";

/** Without these a page has no SharedArrayBuffer, and so no threads that work on the same memory. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** One page that is isolated and one that is not, in one browser: close both. */
export async function openPages(threads: number | undefined): Promise<Contender[]> {
  const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: false }));
  try {
    return [await openPage(browser, true, threads), await openPage(browser, false, threads)];
  } catch (error) {
    await browser.close();
    throw error;
  }
}

async function openPage(browser: Browser, isolated: boolean, threads: number | undefined): Promise<Contender> {
  const server = await createServer({
    root: join(import.meta.dirname, "../.."),
    configFile: false,
    logLevel: "error",
    server: { headers: isolated ? isolation : {}, hmr: false, watch: null },
    optimizeDeps: { entries: ["bench/browser/index.html"] },
  });
  await server.listen();
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error.message));
  await page.goto(`${server.resolvedUrls?.local[0]}bench/browser/index.html`);
  await page.waitForFunction(() => "bench" in globalThis);
  const opened = await call(page, "open", threads ?? null);
  if (opened.isolated !== isolated) throw new Error(`the page is ${isolated ? "not " : ""}cross-origin isolated`);
  const backend = isolated ? "cpu, isolated" : "cpu, not isolated";
  const adapter = `Chromium ${browser.version()}, ${isolated ? "" : "not "}cross-origin isolated`;
  return {
    about: { backend, adapter, software: false, threads: opened.threads },
    async time(one, _made, _reference, waiting) {
      return { ...(await call(page, "time", one, waiting)), backend };
    },
    async ceilings() {
      return { backend, ...(await call(page, "ceilings")) };
    },
    async close() {
      await page.close();
      await server.close();
      if (browser.contexts().every((context) => context.pages().length === 0)) await browser.close();
    },
  };
}

type Bench = typeof bench;

function call<Name extends keyof Bench>(page: Page, name: Name, ...args: Parameters<Bench[Name]>) {
  return page.evaluate(`bench.${name}(...${JSON.stringify(args)})`) as ReturnType<Bench[Name]>;
}
