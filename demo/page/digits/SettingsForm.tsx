/** Who asks, and where chance begins: settled before the first label. */
import { Button } from "../parts/Button.tsx";
import { NumberField, Select } from "../parts/Field.tsx";
import type { Desk } from "./desk.ts";
import { FIRST } from "./labelling.ts";
import {
  aboutBatch,
  aboutStrategy,
  batchChoices,
  ranks,
  startChoices,
  strategyChoices,
  type Settings,
} from "./settings.ts";

export function SettingsForm({ desk }: { readonly desk: Desk }) {
  const settings = desk.settings.value;
  const { strategy, batch, start, seed } = settings;
  const isUnderWay = (desk.standing.value?.rounds.length ?? 0) > 0;
  const change = (changed: Partial<Settings>) => void desk.begin({ ...settings, ...changed });
  return (
    <section class="stack card" aria-label="How to ask">
      <h3>How to ask</h3>
      <Select
        label="Strategy"
        value={strategy}
        options={strategyChoices}
        onChange={(to) => change({ strategy: to })}
        disabled={isUnderWay || !ranks(batch)}
        hint={
          ranks(batch)
            ? `The score: ${aboutStrategy(strategy)}. The highest is asked for first.`
            : `${batch} does not go by a strategy.`
        }
      />
      <Select
        label="Batch"
        value={batch}
        options={batchChoices}
        onChange={(to) => change({ batch: to })}
        disabled={isUnderWay}
        hint={`The rule that picks: ${aboutBatch(batch)}. Here k is 1: one row after the other.`}
      />
      <Select
        label="Start"
        value={start}
        options={startChoices}
        onChange={(to) => change({ start: to })}
        disabled={isUnderWay}
        hint={`Picks the first ${FIRST}: ${aboutBatch(start)}.`}
      />
      <NumberField
        label="Seed"
        value={seed}
        min={0}
        max={999_999}
        onChange={(to) => change({ seed: to })}
        disabled={isUnderWay}
        hint="The same seed and the same answers ask for the same rows, on any machine."
      />
      <p class="hint">{isUnderWay ? "Settled until you start again, which forgets your labels." : ""}</p>
      <Button onClick={() => change({})} disabled={!isUnderWay}>
        Start again
      </Button>
    </section>
  );
}
