/** A pool of one's own: predictions and embeddings out of files, scored here, and the rows to label next. */
import { useEffect, useMemo } from "preact/hooks";
import type { PanelProps } from "../panel.ts";
import { useLifetime } from "../parts/lifetime.ts";
import { ChoiceForm } from "./ChoiceForm.tsx";
import { FilesForm } from "./FilesForm.tsx";
import "./pool.css";
import { Results } from "./Results.tsx";
import { Session } from "./session.ts";
import { WorkLine } from "./WorkLine.tsx";

export default function OwnPool({ engine }: PanelProps) {
  const lifetime = useLifetime();
  const session = useMemo(() => new Session(engine, lifetime), [engine, lifetime]);
  useEffect(() => keepPage(lifetime), [lifetime]);
  const pool = session.pool.value;
  const findings = session.findings.value;
  return (
    <div class="own-pool">
      <FilesForm session={session} />
      <WorkLine session={session} />
      {pool && (
        <div class="beside">
          <ChoiceForm session={session} pool={pool} />
          {findings ? (
            <Results session={session} findings={findings} />
          ) : (
            <p class="hint">Nothing is picked yet. The picks are exact, and the same on every machine for one seed.</p>
          )}
        </div>
      )}
    </div>
  );
}

/** A file that is dropped beside a zone would be opened by the browser, in place of the page. */
function keepPage(signal: AbortSignal): void {
  addEventListener("dragover", refuseDrop, { signal });
  addEventListener("drop", refuseDrop, { signal });
}

function refuseDrop(event: DragEvent): void {
  if (event.defaultPrevented) return;
  event.preventDefault();
  if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
}
