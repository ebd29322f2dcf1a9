/**
 * Unpacks what `@sparticuz/chromium` carries (a Chromium, a software Vulkan, the libraries a bare machine lacks) into
 * node_modules/.cache, once per version. This is what lets the tests run on a machine with nothing but Node.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const home = dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { version: string };
const cache = join(home, "../../.cache/poolwise");

/** The folder that holds the unpacked archives: `X.tar.br` as its files, `X.br` as the executable `X`. */
export function unpacked(name: string, archives: readonly string[]): string {
  const folder = join(cache, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `@sparticuz/chromium carries binaries for Linux x64 only, this is ${process.platform} ${process.arch}`,
    );
  }
  mkdirSync(cache, { recursive: true });
  const half = mkdtempSync(join(cache, `${name}-half-`));
  try {
    for (const archive of archives) unpack(join(home, "bin", archive), half);
    chmodSync(half, 0o755);
    renameSync(half, folder); // two processes may get here at once: one of them finds the folder taken
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function unpack(archive: string, into: string): void {
  const data = brotliDecompressSync(readFileSync(archive));
  const name = basename(archive, ".br");
  if (!name.endsWith(".tar")) return writeFileSync(join(into, name), data, { mode: 0o755 });
  for (const file of tarFiles(data)) {
    const path = join(into, file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.data, { mode: file.mode });
  }
}

/** The plain files of a tar archive. These archives have no links and no path over 100 bytes, so ustar will do. */
function* tarFiles(tar: Buffer): Generator<{ path: string; mode: number; data: Buffer }> {
  const block = 512;
  for (let at = 0; at + block <= tar.length && tar[at] !== 0;) {
    const text = (start: number, length: number) =>
      tar.toString("latin1", at + start, at + start + length).split("\0", 1)[0];
    const size = parseInt(text(124, 12), 8);
    const type = text(156, 1);
    const data = tar.subarray(at + block, at + block + size);
    if (type === "0" || type === "") yield { path: text(0, 100), mode: parseInt(text(100, 8), 8), data };
    else if (type !== "5") throw new Error(`tar: entry ${text(0, 100)} is of type ${type}, neither file nor folder`);
    at += block + Math.ceil(size / block) * block;
  }
}
