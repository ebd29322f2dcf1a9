/** How the learner asks that does not ask at random: model, strategy, batch, and how many rows. */
import { NumberField, Select, Slider } from "../parts/Field.tsx";
import { batchesFor, batchNamed, leftOut, strategiesFor, strategyNamed, takesStrategy } from "./menus.ts";
import { modelNames, modelOf } from "./models.ts";
import { fitting, type Settings, type SettingsProps } from "./settings.ts";

export function Asking({ settings, onChange }: SettingsProps) {
  const { model, strategy, batch, k, first, budget } = settings;
  const set = (part: Partial<Settings>): void => onChange(fitting({ ...settings, ...part }));
  const isFree = takesStrategy(batch);
  return (
    <div class="card stack">
      <h2>How it asks</h2>
      <Select
        label="Model"
        value={model}
        options={modelNames}
        hint={sentence(`${modelOf(model).about}, for both learners`, leftOut(model))}
        onChange={(next) => set({ model: next })}
      />
      <Select
        label="Strategy"
        value={strategy}
        options={strategiesFor(model)}
        disabled={!isFree}
        hint={isFree ? sentence(strategyNamed(strategy).about) : `${batch} has no use for a strategy of your choice.`}
        onChange={(next) => set({ strategy: next })}
      />
      <Select
        label="Batch"
        value={batch}
        options={batchesFor(model)}
        hint={sentence(batchNamed(batch).about)}
        onChange={(next) => set({ batch: next })}
      />
      <Slider label="Rows a round (k)" value={k} min={1} max={20} onChange={(next) => set({ k: next })} />
      <Slider label="First rows" value={first} min={1} max={40} onChange={(next) => set({ first: next })} />
      <NumberField
        label="Budget"
        value={budget}
        min={1}
        max={1000}
        hint="Labels that each may ask for."
        onChange={(next) => set({ budget: next })}
      />
    </div>
  );
}

/** What registries say in half a sentence, as a whole one, and what comes after. */
const sentence = (about: string, after = ""): string => `${about[0].toUpperCase()}${about.slice(1)}. ${after}`.trim();
