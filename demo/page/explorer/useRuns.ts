/** Runs the rules for what is set, as soon as nobody is setting anything. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { BatchName, Engine, Progress } from "poolwise";
import { useLifetime } from "../parts/lifetime.ts";
import { Runs, type Found } from "./runs.ts";
import type { Rule, Settings } from "./settings.ts";

/** A slider that is being moved tells a new value with every frame. */
const QUIET_MS = 120;

export interface Work {
  readonly rule: Rule;
  readonly progress?: Progress;
}

interface Shown {
  /** The last picks of each rule, whether they hold or not. */
  readonly found: ReadonlyMap<BatchName, Found>;
  readonly work?: Work;
  readonly error?: unknown;
}

export function useRuns(engine: Engine, settings: Settings): Shown {
  const lifetime = useLifetime();
  const runs = useMemo(() => new Runs(engine), [engine]);
  const [found, setFound] = useState<Shown["found"]>(new Map());
  const [work, setWork] = useState<Work>();
  const [error, setError] = useState<unknown>();

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const tell = {
      onWork: (rule: Rule, progress?: Progress) => !signal.aborted && setWork({ rule, progress }),
      onFound: (one: Found) => !signal.aborted && setFound((before) => new Map(before).set(one.rule.name, one)),
    };
    const timer = setTimeout(async () => {
      try {
        await runs.run(settings, tell, signal);
      } catch (reason) {
        if (!signal.aborted) setError(reason);
      }
      if (!signal.aborted) setWork(undefined);
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
      setWork(undefined);
      setError(undefined);
    };
  }, [runs, settings]);
  useEffect(() => lifetime.addEventListener("abort", () => void runs.close()), [lifetime, runs]);

  return { found, work, error };
}
