/** The world: how many rows there are, and how hard they are to tell apart. */
import { NumberField, Select, Slider } from "../parts/Field.tsx";
import type { Settings, SettingsProps } from "./settings.ts";

const SIZES = ["1,000", "2,000", "10,000", "100,000"] as const;
const numberOf = (text: string): number => Number(text.replace(",", ""));
const percent = (share: number): string => `${Math.round(100 * share)}%`;

export function PoolSettings({ settings, onChange }: SettingsProps) {
  const { seed, rows, blobs, overlap, noise, outliers, imbalance } = settings;
  const set = (part: Partial<Settings>): void => onChange({ ...settings, ...part });
  return (
    <section class="card stack world" aria-label="The pool">
      <h2>The pool</h2>
      <div class="tiles">
        <NumberField
          label="Seed"
          value={seed}
          min={0}
          max={2 ** 32 - 1}
          hint="The same seed gives the same pool and the same picks."
          onChange={(next) => set({ seed: next })}
        />
        <Select
          label="Rows"
          value={SIZES.find((text) => numberOf(text) === rows)!}
          options={SIZES}
          onChange={(text) => set({ rows: numberOf(text) })}
        />
        <Slider
          label="Blobs"
          value={blobs}
          min={2}
          max={8}
          hint="Each is a class."
          onChange={(next) => set({ blobs: next })}
        />
        <Slider
          label="Overlap"
          value={overlap}
          min={0.1}
          max={1}
          step={0.05}
          format={percent}
          hint="How wide a blob is, by half the way to its neighbour."
          onChange={(next) => set({ overlap: next })}
        />
        <Slider
          label="Imbalance"
          value={imbalance}
          min={1}
          max={30}
          format={(times) => (times === 1 ? "none" : `${times} to 1`)}
          hint="Rows of the largest class to those of the smallest."
          onChange={(next) => set({ imbalance: next })}
        />
        <Slider
          label="Noise: wrong labels"
          value={noise}
          min={0}
          max={0.4}
          step={0.05}
          format={percent}
          hint="Rows whose label is not that of their blob."
          onChange={(next) => set({ noise: next })}
        />
        <Slider
          label="Noise: outliers"
          value={outliers}
          min={0}
          max={0.2}
          step={0.01}
          format={percent}
          hint="Rows that lie far out, with any label."
          onChange={(next) => set({ outliers: next })}
        />
      </div>
    </section>
  );
}
