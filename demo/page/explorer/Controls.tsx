/** What can be set: each says what it acts on. */
import { NumberField, Select, Slider } from "../parts/Field.tsx";
import {
  heedsAlpha,
  MOST_PICKS,
  poolSizes,
  ranksByStrategy,
  rules,
  scorings,
  type Rule,
  type Settings,
} from "./settings.ts";

interface ControlsProps {
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

const sizeName = (rows: number): string => rows.toLocaleString("en");
const namesOf = (of: (rule: Rule) => boolean): string =>
  rules
    .filter(of)
    .map(({ name }) => name)
    .join(", ");

export function Controls({ settings, onChange }: ControlsProps) {
  const { rows, seed, k, alpha, strategy } = settings;
  const set = (changed: Partial<Settings>): void => onChange({ ...settings, ...changed });
  return (
    <div class="card controls" role="group" aria-label="Settings">
      <Slider
        label="batch size k"
        value={k}
        onChange={(value) => set({ k: value })}
        min={1}
        max={MOST_PICKS}
        hint="How many rows to label next. Acts on every rule."
      />
      <Slider
        label="α"
        value={alpha}
        onChange={(value) => set({ alpha: value })}
        min={0}
        max={1}
        step={0.05}
        format={(value) => value.toFixed(2)}
        hint={`0: distance alone; 1: score alone. Acts on ${namesOf(heedsAlpha)} alone.`}
      />
      <Select
        label="strategy"
        value={strategy}
        onChange={(value) => set({ strategy: value })}
        options={scorings.map(({ name }) => name)}
        hint={`The score: ${scorings.find(({ name }) => name === strategy)!.about}. Acts on ${namesOf(ranksByStrategy)}.`}
      />
      <Select
        label="rows in the pool"
        value={sizeName(rows)}
        onChange={(value) => set({ rows: poolSizes.find((size) => sizeName(size) === value)! })}
        options={poolSizes.map(sizeName)}
        hint="More rows take longer; the page stays at your command."
      />
      <NumberField
        label="seed"
        value={seed}
        onChange={(value) => set({ seed: value })}
        min={0}
        max={9999}
        hint="Another seed, another pool. The same one gives the same picks on every machine."
      />
    </div>
  );
}
