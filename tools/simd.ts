/**
 * Compiles simd/*.ts, which are AssemblyScript, into one generated TypeScript module, so that the same bytes are there
 * under tsx, in compiled output, and in a browser's bundle. With --check it writes nothing and fails when the module is
 * stale.
 */
import { main } from "assemblyscript/asc";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "src/backends/cpu/simd.gen.ts");
const options = ["--runtime", "stub", "--enable", "simd", "-O3", "--noAssert", "--initialMemory", "0"];

const names = readdirSync(join(root, "simd"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.replace(/\.ts$/, ""))
  .sort();
const modules = await Promise.all(names.map(async (name) => ({ name, bytes: await compiled(name) })));

const module = [
  "// Generated from simd/ by `npm run simd`. Do not edit.",
  "",
  "/** WebAssembly modules by the names of their files in simd/, as base64. */",
  "export const modules = {",
  ...modules.map(({ name, bytes }) => `  ${name}: "${Buffer.from(bytes).toString("base64")}",`),
  "} as const;",
  "",
].join("\n");

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== module) {
    console.error("src/backends/cpu/simd.gen.ts is stale: run `npm run simd`");
    process.exit(1);
  }
} else {
  writeFileSync(target, module);
  for (const { name, bytes } of modules) console.log(`simd/${name}.ts: ${bytes.length} bytes`);
  console.log(`→ ${relative(root, target)}`);
}

async function compiled(name: string): Promise<Uint8Array> {
  const file = `${name}.ts`;
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await main([file, ...options, "-o", `${name}.wasm`], {
    readFile: (path, base) => (path === file ? readFileSync(join(base, "simd", path), "utf8") : null),
    writeFile: (_, contents) => void (bytes = contents as Uint8Array),
    listFiles: () => [],
  });
  const messages = stderr.toString();
  if (error || !bytes || messages) throw new Error(`simd/${file}: ${messages || error?.message}`);
  return bytes;
}
