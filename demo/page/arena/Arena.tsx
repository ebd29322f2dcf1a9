/** Two learners race: one asks by a strategy, one at random. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PanelProps } from "../panel.ts";
import "./arena.css";
import { Asking } from "./Asking.tsx";
import { Match, type View } from "./match.ts";
import { PoolSettings } from "./PoolSettings.tsx";
import { Presets } from "./Presets.tsx";
import { opening } from "./presets.ts";
import { Remedies } from "./Remedies.tsx";
import { isSameWorld, type Settings } from "./settings.ts";
import { Stage } from "./Stage.tsx";
import { Transport } from "./Transport.tsx";

export default function Arena({ engine }: PanelProps) {
  const [settings, setSettings] = useState<Settings>(opening);
  const [resets, setResets] = useState(0);
  const [before, setBefore] = useState<View["courses"][0]>();
  const speed = useSignal(4);
  const match = useMemo(() => new Match(engine, settings), [engine, settings, resets]);
  useEffect(() => () => match.close(), [match]);
  // While a race opens, the one before it stays in sight: the page would jump.
  const seen = useRef(match);
  if (match.state !== "opening") seen.current = match;

  /** How it went is kept in sight where the next race differs by nothing but remedies. */
  const change = (next: Settings): void => {
    const isSame = next.seed === settings.seed && isSameWorld(next, settings);
    setBefore(isSame ? match.view.peek()?.courses[0] : undefined);
    setSettings(next);
  };

  return (
    <>
      <Presets settings={settings} onChange={change} />
      <div class="arena">
        <div class="stack" data-state={match.state}>
          <Transport match={match} speed={speed} onReset={() => setResets(resets + 1)} />
          <Stage match={seen.current} before={before} />
        </div>
        <section class="stack asking" aria-label="Settings">
          <Asking settings={settings} onChange={change} />
          <Remedies settings={settings} onChange={change} />
        </section>
        <PoolSettings settings={settings} onChange={change} />
      </div>
    </>
  );
}
