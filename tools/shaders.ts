/**
 * Turns shaders/**.wgsl into one generated TypeScript module, so that the same text is there under tsx, in compiled
 * output, and in a browser's bundle. With --check it writes nothing and fails when the module is stale.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { shaderStructs } from "./shaderStructs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = join(root, "src/backends/webgpu/shaders.gen.ts");

const files = readdirSync(join(root, "shaders"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".wgsl"))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();

const shaders = files.map((file) => ({
  name: relative(join(root, "shaders"), file)
    .split(sep)
    .join("/")
    .replace(/\.wgsl$/, ""),
  text: readFileSync(file, "utf8"),
}));

const module = [
  "// Generated from shaders/ by `npm run shaders`. Do not edit.",
  "",
  "/** Every shader file by its path below shaders/, without the extension. */",
  "export const shaders = {",
  ...shaders.map(({ name, text }) => `  ${JSON.stringify(name)}: ${JSON.stringify(text)},`),
  "} as const;",
  "",
  "export type ShaderName = keyof typeof shaders;",
  "",
  ...shaderStructs(shaders),
].join("\n");

const isFresh = existsSync(target) && readFileSync(target, "utf8") === module;
if (process.argv.includes("--check")) {
  if (!isFresh) {
    console.error("src/backends/webgpu/shaders.gen.ts is stale: run `npm run shaders`");
    process.exit(1);
  }
} else {
  // What is fresh may be read by others at this moment.
  if (!isFresh) writeFileSync(target, module);
  console.log(`${shaders.length} shaders → ${relative(root, target)}`);
}
