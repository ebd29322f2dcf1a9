/** One line: which backend the page runs on, and why. */
import type { Engine } from "poolwise";
import { ErrorLine } from "../parts/ErrorLine.tsx";
import { opening } from "./engine.ts";

export function Status() {
  const opened = opening.value;
  if (opened && "error" in opened) return <ErrorLine error={opened.error} />;
  const engine = opened?.engine;
  return (
    <p class="status" role="status" data-backend={engine?.backend} data-threads={engine?.threads}>
      {engine ? (
        <>
          Runs on the <strong>{engine.backend}</strong> backend: {whatOf(engine)} ({engine.reason})
        </>
      ) : (
        "Opening an engine …"
      )}
    </p>
  );
}

/** The name of a device; of processors, which no page is told, how many threads there are. */
function whatOf({ backend, adapter, threads }: Engine): string {
  if (backend === "webgpu") return adapter;
  return threads === 1 ? "1 thread" : `${threads} threads`;
}
