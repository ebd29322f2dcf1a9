/** Every batch rule side by side on one pool. */
import { useState } from "preact/hooks";
import type { PanelProps } from "../panel.ts";
import { ErrorLine } from "../parts/ErrorLine.tsx";
import { Legend } from "../parts/Legend.tsx";
import { Comparison } from "./Comparison.tsx";
import { Controls } from "./Controls.tsx";
import "./explorer.css";
import { CLOSE } from "./measures.ts";
import { CLASSES, LABELLED } from "./scene.ts";
import { defaults, leading, others, rules, type Rule } from "./settings.ts";
import { Tile } from "./Tile.tsx";
import { useRuns } from "./useRuns.ts";

const classNames = Array.from({ length: CLASSES }, (_, at) => `class ${String.fromCharCode(65 + at)}`);

export default function Explorer({ engine }: PanelProps) {
  const [settings, setSettings] = useState(defaults);
  const { found, work, error } = useRuns(engine, settings);
  const tile = (rule: Rule) => (
    <Tile
      key={rule.name}
      {...{ rule, settings, found: found.get(rule.name), work: work?.rule === rule ? work : undefined }}
    />
  );
  return (
    <div class="stack explorer">
      <Controls settings={settings} onChange={setSettings} />
      {error !== undefined && <ErrorLine error={error} />}
      <Introduction />
      <Legend names={classNames} />
      <section class="leading" aria-label="The first three rules">
        {leading.map(tile)}
      </section>
      <section class="numbers" aria-label="Comparison">
        <Comparison settings={settings} found={rules.flatMap(({ name }) => found.get(name) ?? [])} />
        <Meanings />
      </section>
      <section class="tiles" aria-label="All other rules">
        {others.map(tile)}
      </section>
    </div>
  );
}

function Introduction() {
  return (
    <p class="introduction">
      One pool, {LABELLED} rows of it labelled. A committee of models has learned from these; colours are the class it
      finds likeliest, paler ground is where it is less sure. A quarter of the rows are near copies of a few others.
      Each rule below picks k rows to label next: rings, numbered in order of pick.
    </p>
  );
}

/** What the numbers of a rule are. */
function Meanings() {
  return (
    <dl class="meanings">
      <div>
        <dt>Redundancy</dt>
        <dd>
          The share of picks with another pick within {CLOSE} of them, where the plane is about 10 wide: nearly the same
          question asked twice.
        </dd>
      </div>
      <div>
        <dt>Covering radius</dt>
        <dd>
          How far the row that is farthest from all picks and labels is from the nearest of them. No row is worse
          served.
        </dd>
      </div>
      <div>
        <dt>Mean score</dt>
        <dd>
          Of the picks, by the strategy that is set, whatever the rule went by: how little the model knows of them.
        </dd>
      </div>
      <div>
        <dt>Time</dt>
        <dd>From the call to the picks, on this machine.</dd>
      </div>
    </dl>
  );
}
