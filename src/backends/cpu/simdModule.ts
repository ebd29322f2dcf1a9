/** The WebAssembly modules of `simd/`: compiled once, an instance with a memory of its own for each who asks. */
import { modules } from "./simd.gen.ts";

type ModuleName = keyof typeof modules;

const compiled = new Map<ModuleName, Promise<WebAssembly.Module>>();

function compile(name: ModuleName): Promise<WebAssembly.Module> {
  const known = compiled.get(name);
  if (known) return known;
  const module = WebAssembly.compile(Uint8Array.from(atob(modules[name]), (letter) => letter.charCodeAt(0)));
  compiled.set(name, module);
  return module;
}

/** What a module exports, as its caller declares it. */
export async function instantiate<Exports>(name: ModuleName): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(await compile(name));
  return exports as unknown as Exports;
}
