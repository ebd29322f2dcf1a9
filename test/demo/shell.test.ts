/** What stays on the page whatever panel is shown. */
import type { Locator, Page } from "playwright";
import { describe, expect } from "vitest";
import { panelNames, panels } from "../../demo/page/panels.ts";
import { backends, panelIsReady, test } from "./support/page.ts";

describe.each(backends)("on %s", (on) => {
  test("says which backend it runs on, and why", async ({ openPanel }) => {
    const page = await openPanel("arena", { on });
    const status = backendOf(page);
    expect(await status.getAttribute("data-backend")).toBe(on);
    const why = { webgpu: /^Runs on the webgpu backend: .*SwiftShader.* \(asked for\)$/i, cpu: /\(no GPU: .+\)$/ }[on];
    expect(await status.textContent()).toMatch(why);
  });

  test("shows each panel at its address, one at a time", async ({ openPanel }) => {
    for (const name of panelNames) {
      const page = await openPanel(name, { on });
      expect(await page.getByRole("tabpanel").count()).toBe(1);
      expect(await selected(page)).toBe(panels[name].title);
      expect(await page.title()).toContain(panels[name].title);
    }
  });
});

test("has threads where its memory may be shared, and one elsewhere", async ({ openPanel }) => {
  const isolated = await openPanel("arena", { on: "cpu" });
  expect(await isolated.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await threadsOf(isolated)).toBe(await isolated.evaluate(() => navigator.hardwareConcurrency));
  const plain = await openPanel("arena", { on: "cpu", plain: true });
  expect(await threadsOf(plain)).toBe(1);
  expect(await backendOf(plain).textContent()).toContain("backend: 1 thread (");
});

test("is worked by keyboard: arrows move between tabs, Enter opens one", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu" });
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  await page.getByRole("tab", { selected: true }).focus();
  await page.keyboard.press("ArrowLeft");
  expect(await focused()).toBe(panels.digits.title);
  expect(await selected(page)).toBe(panels.arena.title);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  expect(await focused()).toBe(panels.explorer.title);
  await page.keyboard.press("End");
  expect(await focused()).toBe(panels.digits.title);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await panelIsReady(page, "explorer");
  expect(await selected(page)).toBe(panels.explorer.title);
  expect(new URL(page.url()).hash).toBe("#explorer");
  await page.goBack();
  await panelIsReady(page, "arena");
});

test("takes its theme from the system until told otherwise", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu", colorScheme: "dark" });
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const dark = await ground();
  await page.getByRole("button", { name: "Switch to the light theme" }).click();
  const light = await ground();
  expect(light).toBe("rgb(255, 255, 255)");
  expect(light).not.toBe(dark);
  await page.getByRole("button", { name: "Switch to the dark theme" }).click();
  expect(await ground()).toBe(dark);
});

test.for(panelNames)("%s fits a phone", async (name, { openPanel }) => {
  const page = await openPanel(name, { on: "cpu", viewport: { width: 360, height: 740 } });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

test("says in one line that there is no WebGPU", async ({ open }) => {
  const page = await open({ on: "cpu", at: "?backend=webgpu" });
  expect(await page.getByRole("alert").textContent()).toMatch(/^no WebGPU adapter: .+$/);
});

test("says in one line that there is no such backend", async ({ open }) => {
  const page = await open({ on: "cpu", at: "?backend=abacus" });
  expect(await page.getByRole("alert").textContent()).toBe('unknown backend "abacus": known are auto, cpu, webgpu');
});

test("lets nothing in from elsewhere, and runs no text as a program", async ({ openPanel }) => {
  const page = await openPanel("arena", { on: "cpu" });
  const policy = await page.locator("meta[http-equiv=Content-Security-Policy]").getAttribute("content");
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*|unsafe-inline|'unsafe-eval'/);
});

/** In the masthead: any output of a panel is a status, too. */
const backendOf = (page: Page): Locator => page.getByRole("banner").getByRole("status");

const threadsOf = async (page: Page): Promise<number> => Number(await backendOf(page).getAttribute("data-threads"));

const selected = (page: Page): Promise<string | null> => page.getByRole("tab", { selected: true }).textContent();

test("a language that is none keeps no panel from loading", async ({ openPanel }) => {
  const page = await openPanel("explorer", { on: "cpu" });
  await page.addInitScript(() =>
    Object.defineProperty(navigator, "language", { value: "en-US@posix", configurable: true }),
  );
  await page.reload();
  await page.getByRole("tab", { name: "Arena" }).click();
  await panelIsReady(page, "arena");
  await page.locator(".curves canvas").waitFor();
});

test("a theme that was chosen is there again, until it is the system's", async ({ openPanel }) => {
  const page = await openPanel("explorer", { on: "cpu", colorScheme: "dark" });
  const theme = () => page.locator("html").getAttribute("data-theme");
  const toggle = page.getByRole("button", { name: /light|dark/i }).first();
  await toggle.click();
  await page.reload();
  await panelIsReady(page, "explorer");
  expect(await theme()).toBe("light");
  await page.emulateMedia({ colorScheme: "light" });
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await theme()).toBe("light");
  await toggle.click();
  expect(await theme()).toBe("dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(theme).toBe("light");
});
