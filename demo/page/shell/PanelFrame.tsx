/** Loads a panel when it is first shown, and shows in its place whatever keeps it from being shown. */
import type { ComponentType } from "preact";
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import type { Engine } from "poolwise";
import type { PanelProps } from "../panel.ts";
import { panels, type PanelName } from "../panels.ts";
import { ErrorLine } from "../parts/ErrorLine.tsx";

export function PanelFrame({ name, engine }: { readonly name: PanelName; readonly engine: Engine }) {
  const [loaded, setLoaded] = useState<{ readonly Panel?: ComponentType<PanelProps>; readonly error?: unknown }>({});
  const [thrown] = useErrorBoundary();
  useEffect(() => {
    panels[name].load().then(
      (module) => setLoaded({ Panel: module.default }),
      (error: unknown) => setLoaded({ error }),
    );
  }, [name]);
  const { Panel, error = thrown } = loaded;
  const state = error ? "failed" : Panel ? "ready" : "loading";
  return (
    <section class="panel" role="tabpanel" id={`panel-${name}`} aria-labelledby={`tab-${name}`} data-state={state}>
      <p class="about">{panels[name].about}</p>
      {error ? <ErrorLine error={error} /> : Panel && <Panel engine={engine} />}
    </section>
  );
}
