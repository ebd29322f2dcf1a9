/** Compiles bench/simd/ceilings.ts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

type Compiler = typeof import("assemblyscript/asc").main;

const FILE = "ceilings.ts";
const options = ["--runtime", "stub", "--enable", "simd", "-O3", "--noAssert", "--initialMemory", "1"];

/** With fused multiply-adds, which not every engine has, and without. */
export async function compileCeilings(): Promise<Uint8Array<ArrayBuffer>[]> {
  const { main } = await import("assemblyscript/asc"); // seconds, of no use to a bench that only lists its cases
  return Promise.all([compiled(main, ["--enable", "relaxed-simd"]), compiled(main, [])]);
}

async function compiled(main: Compiler, more: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await main([FILE, ...options, ...more, "-o", "ceilings.wasm"], {
    readFile: (path) => (path === FILE ? readFileSync(join(import.meta.dirname, "../simd", path), "utf8") : null),
    writeFile: (_, contents) => void (bytes = contents as Uint8Array),
    listFiles: () => [],
  });
  if (error || !bytes) throw new Error(`bench/simd/${FILE}: ${stderr.toString() || error?.message}`);
  return new Uint8Array(bytes);
}
