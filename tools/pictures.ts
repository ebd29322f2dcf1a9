/** Takes the README's pictures of the page: `npm run pictures`. */
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import { preview } from "vite";
import { chromiumLaunchOptions } from "../test/support/chromium.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Picture {
  readonly panel: string;
  readonly colorScheme: "light" | "dark";
  readonly height: number;
  /** Waits until there is something to see. */
  readonly ready: (page: Page) => Promise<void>;
}

const pictures: readonly Picture[] = [
  {
    panel: "arena",
    colorScheme: "light",
    height: 1360,
    async ready(page) {
      await page.getByRole("button", { name: "Play" }).click();
      await page.getByText("The race is over").waitFor({ timeout: 120_000 });
    },
  },
  {
    panel: "explorer",
    colorScheme: "dark",
    height: 1600,
    async ready(page) {
      await page.locator(".tile[data-state=done]").first().waitFor();
      await page.waitForFunction(() => document.querySelector(".tile:not([data-state=done])") === null);
    },
  },
];

const server = await preview({ root: `${root}demo`, configFile: `${root}demo/vite.config.ts` });
const browser = await chromium.launch(chromiumLaunchOptions({ webgpu: false }));
try {
  for (const { panel, colorScheme, height, ready } of pictures) {
    const page = await browser.newPage({ viewport: { width: 1280, height }, colorScheme, reducedMotion: "reduce" });
    await page.goto(`${server.resolvedUrls!.local[0]}#${panel}`);
    await page.locator(`#panel-${panel}[data-state=ready]`).waitFor();
    await ready(page);
    await page.screenshot({ path: `${root}docs/${panel}.png` });
  }
} finally {
  await browser.close();
  await server.close();
}
