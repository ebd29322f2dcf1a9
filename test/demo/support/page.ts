/** A test with `open`, which opens the built page in a real Chromium and holds it to what no page of ours may do. */
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright";
import { afterAll, expect, inject, test as base } from "vitest";
import type { PanelName } from "../../../demo/page/panels.ts";
import { chromiumLaunchOptions } from "../../support/chromium.ts";

/** A Chromium whose WebGPU is software, which has to be asked for, and one that has none, which comes down to the cpu. */
export const backends = ["webgpu", "cpu"] as const;
type BackendName = (typeof backends)[number];

interface Visit extends BrowserContextOptions {
  readonly on: BackendName;
  /** What follows the address of the page. Default: what makes it run on that backend. */
  readonly at?: string;
  /** Sent as any host would, without the headers that let threads share memory. */
  readonly plain?: boolean;
}

/** The same on every machine: a system without a locale would give the page one that is none. */
const steady: BrowserContextOptions = { reducedMotion: "reduce", locale: "en-US" };

/** What a page may take for one thing, beside other tests on two cores. */
const ACTION_MS = 90_000;

const launched = new Map<BackendName, Promise<Browser>>();
afterAll(async () => {
  for (const browser of launched.values()) await (await browser).close();
});

export const test = base
  .extend("open", ({ task }, { onCleanup }) => {
    const complaints: string[] = [];
    const contexts: BrowserContext[] = [];
    onCleanup(async () => {
      for (const context of contexts) await context.close();
      expect(complaints, `complaints of the page in "${task.name}"`).toEqual([]);
    });
    return async ({ on, at = addressFor(on), plain = false, ...options }: Visit): Promise<Page> => {
      const served = inject("served")[plain ? "plain" : "isolated"];
      const context = await (await browserWith(on)).newContext({ ...steady, ...options });
      context.setDefaultTimeout(ACTION_MS);
      contexts.push(context);
      watch(context, served, complaints);
      const page = await context.newPage();
      await page.goto(served + at);
      return page;
    };
  })
  /** Opens the page at a panel, and waits until that is there. */
  .extend("openPanel", ({ open }) => async (panel: PanelName, visit: Omit<Visit, "at">): Promise<Page> => {
    const page = await open({ ...visit, at: `${addressFor(visit.on)}#${panel}` });
    await panelIsReady(page, panel);
    return page;
  });

export async function panelIsReady(page: Page, panel: PanelName): Promise<void> {
  await page.locator(`#panel-${panel}[data-state=ready]`).waitFor();
}

/** The number in `data-value` of the output with that `data-name`, once it has one. */
export async function reading(page: Page, name: string): Promise<number> {
  const value = await page.locator(`output[data-name="${name}"][data-value]`).getAttribute("data-value");
  return Number(value);
}

const addressFor = (on: BackendName): string => (on === "webgpu" ? "?backend=webgpu" : "");

function browserWith(on: BackendName): Promise<Browser> {
  const browser = launched.get(on) ?? chromium.launch(chromiumLaunchOptions({ webgpu: on === "webgpu" }));
  launched.set(on, browser);
  return browser;
}

function watch(context: BrowserContext, served: string, complaints: string[]): void {
  const { origin } = new URL(served);
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => complaints.push(`error: ${error.error().message}`));
  context.on("request", (request) => {
    // blob: addresses are the page's own: threads, downloads.
    if (new URL(request.url()).origin !== origin) complaints.push(`request to ${request.url()}`);
  });
  context.on("requestfailed", (request) => complaints.push(`request failed: ${request.url()}`));
}
