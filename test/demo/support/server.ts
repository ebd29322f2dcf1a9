/** Once per run of the demo's tests: the page and the gallery of its parts are built, and served as static files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, preview, type PreviewServer } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Addresses of the same files: sent with the headers that let threads share memory, and as any host sends them. */
    served: { readonly isolated: string; readonly plain: string };
  }
}

const configFile = join(import.meta.dirname, "../../../demo/vite.config.ts");
const gallery = join(import.meta.dirname, "../gallery");

export default async function serve({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "poolwise-demo-"));
  const into = (outDir: string) => ({ configFile, logLevel: "error", build: { outDir, emptyOutDir: false } }) as const;
  await build(into(folder));
  await build({ ...into(join(folder, "gallery")), root: gallery });
  const anyPort = { build: { outDir: folder }, preview: { port: 0, host: "127.0.0.1" } };
  const servers = [await preview({ configFile, ...anyPort }), await preview({ configFile: false, ...anyPort })];
  const [isolated, plain] = servers.map(addressOf);
  provide("served", { isolated, plain });
  return async () => {
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  };
}

const addressOf = (server: PreviewServer): string => server.resolvedUrls!.local[0];
