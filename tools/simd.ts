/**
 * Compiles simd/*.ts, which are AssemblyScript, into generated TypeScript modules, so that the same bytes are there
 * under tsx, in compiled output, and in a browser's bundle. With --check it writes nothing and fails when one is stale.
 *
 * What works in a memory that threads share is there twice, with and without fused multiply-add. Its structs are told to
 * TypeScript by the names of their fields.
 */
import { main } from "assemblyscript/asc";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const common = ["--runtime", "stub", "--enable", "simd", "-O3", "--noAssert"];
const alone = ["--initialMemory", "0"];
const own = ["--initialMemory", "1"];
const shared = ["--enable", "threads", "--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"]; // prettier-ignore

const fused = ["--enable", "relaxed-simd"];

/** Of a generated module: its bytes by name, and structs that TypeScript writes for them. */
interface Target {
  readonly path: string;
  readonly sources: Record<string, readonly [file: string, options: readonly string[]]>;
  readonly structs: readonly string[];
}

const targets: readonly Target[] = [
  {
    path: "src/backends/cpu/simd.gen.ts",
    sources: {
      entropy: ["entropy", alone],
      distances: ["distances", shared],
      distancesFused: ["distances", [...shared, ...fused]],
      score: ["score", shared],
      scoreFused: ["score", [...shared, ...fused]],
    },
    structs: ["job", "distanceCalls"],
  },
  // Apart from the library's: only the bench has a use for them.
  {
    path: "src/bench/ceilings/simd.gen.ts",
    sources: { ceilings: ["ceilings", own], ceilingsFused: ["ceilings", [...own, ...fused]] },
    structs: [],
  },
];
for (const target of targets) await write(target);

async function write({ path, sources, structs }: Target): Promise<void> {
  const modules = await Promise.all(
    Object.entries(sources).map(async ([name, [file, options]]) => ({ name, bytes: await compiled(file, options) })),
  );
  const module = [
    "// Generated from simd/ by `npm run simd`. Do not edit.",
    "",
    "/** WebAssembly modules, as base64. */",
    "export const modules = {",
    ...modules.map(({ name, bytes }) => `  ${name}: "${Buffer.from(bytes).toString("base64")}",`),
    "} as const;",
    "",
    ...(structs.length > 0
      ? [`/** Fields of the structs of ${structs.map((name) => `simd/${name}.ts`).join(" and ")}, four bytes each, in their order. */`]
      : []), // prettier-ignore
    ...structs.flatMap((name) => structsIn(source(name))),
    ...(structs.length > 0 ? [""] : []),
  ].join("\n");
  const target = join(root, path);
  const isFresh = existsSync(target) && readFileSync(target, "utf8") === module;
  if (process.argv.includes("--check")) {
    if (isFresh) return;
    console.error(`${path} is stale: run \`npm run simd\``);
    process.exit(1);
  }
  // What is fresh may be read by others at this moment.
  if (!isFresh) writeFileSync(target, module);
  for (const { name, bytes } of modules) console.log(`${name}: ${bytes.length} bytes`);
  console.log(`→ ${path}`);
}

function source(name: string): string {
  return readFileSync(join(root, "simd", `${name}.ts`), "utf8");
}

/** `export const jobFields = { kind: "u32", … }` for each class. */
function structsIn(text: string): string[] {
  return [...text.matchAll(/export class (\w+) \{\n([\s\S]*?)\n\}/g)].map(([, name, body]) => {
    const fields = [...body.matchAll(/^ {2}(\w+): (u32|f32);/gm)].map(([, field, type]) => `  ${field}: "${type}",`);
    return `export const ${name.toLowerCase()}Fields = {\n${fields.join("\n")}\n} as const;`;
  });
}

async function compiled(file: string, options: readonly string[]): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await main([`${file}.ts`, ...common, ...options, "-o", `${file}.wasm`], {
    readFile: (path, base) => (path.startsWith("node_modules") ? null : readIn(join(base, "simd", path))),
    writeFile: (_, contents) => void (bytes = contents as Uint8Array),
    listFiles: () => [],
  });
  const messages = stderr.toString();
  if (error || !bytes || messages) throw new Error(`simd/${file}.ts: ${messages || error?.message}`);
  return bytes;
}

function readIn(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
