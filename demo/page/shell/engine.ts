/** The page's one engine. `?backend=cpu` or `?backend=webgpu` in the address asks for that backend. */
import { signal } from "@preact/signals";
import { openEngine, type Engine, type EngineOptions } from "poolwise";

type Opening = { readonly engine: Engine } | { readonly error: unknown };

/** Undefined while the engine opens. */
export const opening = signal<Opening | undefined>(undefined);

export function openOnce(): void {
  const backend = new URLSearchParams(location.search).get("backend") ?? "auto";
  // The engine itself refuses a backend that there is none of, and lists those there are.
  openEngine({ backend: backend as EngineOptions["backend"] }).then(
    (engine) => (opening.value = { engine }),
    (error: unknown) => (opening.value = { error }),
  );
}
