/** The WebAssembly modules of `simd/`: compiled once, an instance for each who asks. */
import { modules } from "./simd.gen.ts";

type ModuleName = keyof typeof modules;

const compiled = new Map<ModuleName, Promise<WebAssembly.Module>>();

export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

export function compile(name: ModuleName): Promise<WebAssembly.Module> {
  const known = compiled.get(name);
  if (known) return known;
  const module = WebAssembly.compile(bytesOf(modules[name]));
  compiled.set(name, module);
  return module;
}

/** What a module with a memory of its own exports, as its caller declares it. */
export async function instantiate<Exports>(name: "entropy"): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(await compile(name));
  return exports as unknown as Exports;
}

/** All kernels that work in one memory, for one that is shared: see `fusedWhereKnown`. */
export const compileKernels = (): Promise<WebAssembly.Module[]> => Promise.all(shared.map(compileShared));

/** What they export, in this memory. */
export async function instantiateKernels<Exports>(memory: WebAssembly.Memory): Promise<Exports> {
  const isShared = !(memory.buffer instanceof ArrayBuffer);
  const all = isShared ? await compileKernels() : await Promise.all(shared.map(compileUnshared));
  const instances = await Promise.all(all.map((module) => WebAssembly.instantiate(module, { env: { memory } })));
  return Object.assign({}, ...instances.map(({ exports }) => exports)) as Exports;
}

const shared = ["score", "distances"] as const;
type SharedModule = (typeof shared)[number];

const compileShared = (name: SharedModule): Promise<WebAssembly.Module> => compile(fusedWhereKnown(name));

/** (func (param v128) (result v128) local.get 0 local.get 0 local.get 0 f32x4.relaxed_madd) */
const relaxed = bytesOf("AGFzbQEAAAABBgFgAXsBewMCAQAKDQELACAAIAAgAP2FAgs=");

let fused: boolean | undefined;

/** Fused where the engine knows relaxed SIMD. */
export function fusedWhereKnown(name: SharedModule): SharedModule | `${SharedModule}Fused` {
  fused ??= WebAssembly.validate(relaxed);
  return fused ? `${name}Fused` : name;
}

/** Whether threads can work in the same memory here. */
export const sharesMemory = (): boolean =>
  typeof SharedArrayBuffer !== "undefined" &&
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;

const unshared = new Map<SharedModule, Promise<WebAssembly.Module>>();

/**
 * The same module for a memory that is not shared: the limits of the one it imports have a bit for that, and nothing else
 * in it knows. A second copy of every kernel would be as large as the first.
 */
function compileUnshared(name: SharedModule): Promise<WebAssembly.Module> {
  const known = unshared.get(name);
  if (known) return known;
  const bytes = bytesOf(modules[fusedWhereKnown(name)]);
  const letters = new TextEncoder().encode("memory");
  const at = bytes.findIndex((_, i) => letters.every((letter, j) => bytes[i + j] === letter)) + letters.length;
  // After the name: a memory (2), shared with a maximum (3).
  if (bytes[at] !== 2 || bytes[at + 1] !== 3) throw new Error(`simd/${name}.ts imports no shared memory`);
  bytes[at + 1] = 1;
  const module = WebAssembly.compile(bytes);
  unshared.set(name, module);
  return module;
}
