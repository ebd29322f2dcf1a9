/** A Chromium with WebGPU: the machine's own if it has one, else the one that npm brought. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { LaunchOptions } from "playwright";
import { unpacked } from "./unpacked.ts";

/** `--enable-unsafe-webgpu` is the flag without which there is no adapter at all. */
const withWebGpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** Chromium likes to call home; where that is refused it only costs time. */
const quiet = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--no-first-run",
];

/** What Playwright's `chromium.launch` needs. `POOLWISE_TEST_CHROMIUM` names an executable to use instead. */
export function chromiumLaunchOptions({ webgpu = true } = {}): LaunchOptions {
  const args = ["--no-sandbox", ...quiet, ...(webgpu ? withWebGpu : [])];
  const executablePath = process.env.POOLWISE_TEST_CHROMIUM || onPath("chromium") || onPath("google-chrome");
  return executablePath ? { executablePath, args } : { ...fromNpm(), args };
}

function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Brings its own NSS, without which it does not start, and a font, for bare machines have neither. */
function fromNpm(): LaunchOptions {
  const folder = unpacked("chromium", ["chromium.br", "swiftshader.tar.br", "al2023.tar.br", "fonts.tar.br"]);
  return {
    executablePath: join(folder, "chromium"),
    env: { ...process.env, LD_LIBRARY_PATH: join(folder, "lib"), XDG_DATA_HOME: folder },
  };
}
