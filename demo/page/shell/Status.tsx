/** One line: which backend the page runs on, and why. */
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
          Runs on the <strong>{engine.backend}</strong> backend: {engine.adapter} ({engine.reason})
        </>
      ) : (
        "Opening an engine …"
      )}
    </p>
  );
}
