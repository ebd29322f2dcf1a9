/**
 * The cpu backend on so many threads, until `threads` is in EngineOptions and Engine: then `openEngine` and
 * `engine.threads` take the place of these two.
 */
import { openEngine, type Engine } from "../src/engine.ts";

/** As many as the backend takes by itself where it is not told. */
export function openThreads(threads?: number): Promise<Engine> {
  const options = { backend: "cpu" as const, threads };
  return openEngine(options);
}

export const threadsOf = (engine: Engine): number => (engine as { readonly threads?: number }).threads ?? 1;
