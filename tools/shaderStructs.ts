/**
 * A TypeScript interface for every WGSL struct that the host fills or reads: WGSL stays the authority, and a field
 * renamed there is a type error here.
 */

const scalar: Record<string, string> = { u32: "number", i32: "number", f32: "number" };

const fieldType = (wgsl: string): string | undefined => scalar[wgsl.replace(/^atomic<(.*)>$/, "$1")];

/** The lines of one interface a struct. Struct names are unique over all shaders. */
export function shaderStructs(shaders: { name: string; text: string }[]): string[] {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const { name, text } of shaders) {
    const bare = text.replace(/\/\/.*$/gm, "");
    for (const [, struct, body] of bare.matchAll(/struct\s+(\w+)\s*\{([^}]*)\}/g)) {
      if (seen.has(struct)) throw new Error(`shaderStructs: two structs are named ${struct}, one in ${name}`);
      seen.add(struct);
      const fields = [...body.matchAll(/(\w+)\s*:\s*([\w<>]+)/g)].map(([, field, type]) => [field, fieldType(type)]);
      // What the host fills or reads is made of scalars; other structs stay on the device.
      if (fields.some(([, type]) => type === undefined)) continue;
      lines.push(`/** struct ${struct} of shaders/${name}.wgsl. */`, `export interface ${struct} {`);
      for (const [field, type] of fields) lines.push(`  ${field}: ${type};`);
      lines.push("}", "");
    }
  }
  return lines;
}
