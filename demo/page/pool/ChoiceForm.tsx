/** How the predictions are read, and what the pool is asked for. */
import { useState } from "preact/hooks";
import type { BatchName, Pool, StrategyName } from "poolwise";
import { NumberField, Select, Slider, Switch } from "../parts/Field.tsx";
import { batchesFor, batchNamed, missing, standIn, strategiesFor, strategyNamed, type Supply } from "./choices.ts";
import type { Session } from "./session.ts";

const kinds = ["logits", "probabilities"] as const;

export function ChoiceForm({ session, pool }: { readonly session: Session; readonly pool: Pool }) {
  const { predictions, embeddings } = session.files.value;
  const disabled = session.working.value;
  const { kind, invalid } = session.reading.value;
  const [wanted, setWanted] = useState<{ strategy: StrategyName; batch: BatchName }>({
    strategy: "entropy",
    batch: "top-k",
  });
  const [numbers, setNumbers] = useState({ k: 100, temperature: 1, seed: 0, alpha: 0.5, epsilon: 0, density: 0 });
  const set = (name: keyof typeof numbers) => (value: number) => setNumbers({ ...numbers, [name]: value });

  const supply: Supply = { passes: predictions ? (predictions.passes ?? 1) : 0, hasEmbeddings: Boolean(embeddings) };
  const strategies = strategiesFor(supply);
  const batches = batchesFor(supply);
  const batch = standIn(wanted.batch, batches, "k-center")!;
  const rule = batchNamed(batch);
  const fixed = strategies.find((name) => name === rule.strategy);
  const strategy = fixed ?? standIn(wanted.strategy, strategies, "entropy");
  const k = Math.min(numbers.k, pool.rows);
  const weighsDensity = supply.passes > 0 && supply.hasEmbeddings && rule.needs.includes("scores");
  const { temperature, seed, epsilon } = numbers;
  const choice = {
    strategy,
    batch,
    k,
    temperature,
    seed,
    epsilon,
    alpha: batch === "hybrid" ? numbers.alpha : 0.5,
    density: weighsDensity ? numbers.density : 0,
  };
  const read = {
    disabled,
    onChange: (to: Partial<typeof session.reading.value>) => void session.read({ kind, invalid, ...to }),
  };

  return (
    <form
      class="stack"
      aria-label="What to pick"
      onSubmit={(event) => {
        event.preventDefault();
        if (!disabled) void session.pick(choice);
      }}
    >
      {predictions && (
        <>
          <Select
            label="Predictions are"
            value={kind}
            options={kinds}
            disabled={disabled}
            onChange={(to) => read.onChange({ kind: to })}
            hint="Logits are what a model gives before its softmax."
          />
          <NumberField
            label="Temperature"
            value={temperature}
            min={0.01}
            max={100}
            step={0.01}
            onChange={set("temperature")}
            hint="Divides logits. Above 1 for a model that is too sure of itself."
          />
        </>
      )}
      {strategy && (
        <Select
          label="Strategy"
          value={strategy}
          options={strategies}
          disabled={fixed !== undefined}
          onChange={(name) => setWanted({ ...wanted, strategy: name })}
          hint={fixed ? `${batch} works from ${fixed}.` : `A row's score: ${strategyNamed(strategy).about}.`}
        />
      )}
      <Select
        label="Batch"
        value={batch}
        options={batches}
        onChange={(name) => setWanted({ ...wanted, batch: name })}
        hint={[`Picks ${rule.about}.`, missing(supply)].filter(Boolean).join(" ")}
      />
      <NumberField label="k" value={k} min={1} max={pool.rows} onChange={set("k")} hint="Rows to pick." />
      {batch === "hybrid" && (
        <Slider
          label="Weight of scores α"
          value={numbers.alpha}
          min={0}
          max={1}
          step={0.05}
          onChange={set("alpha")}
          hint="0 goes by distances alone, 1 by scores alone."
        />
      )}
      <Slider
        label="Exploration ε"
        value={epsilon}
        min={0}
        max={1}
        step={0.05}
        onChange={set("epsilon")}
        hint="The chance that a pick is drawn among all rows instead, to find what the model cannot know of."
      />
      {weighsDensity && (
        <NumberField
          label="Density β"
          value={numbers.density}
          min={0}
          max={100}
          step={0.25}
          onChange={set("density")}
          hint="Above 0, rows that many others are like count for more: outliers are asked for less."
        />
      )}
      <NumberField
        label="Seed"
        value={seed}
        min={0}
        max={2 ** 32 - 1}
        onChange={set("seed")}
        hint="Fixes all that is random."
      />
      <Switch
        label="Leave out invalid rows"
        value={invalid === "skip"}
        disabled={disabled}
        onChange={(on) => read.onChange({ invalid: on ? "skip" : "error" })}
        hint="Rows with NaN or infinity. Otherwise one stops the work and is named."
      />
      <div class="button-row">
        <button type="submit" class="button primary" disabled={disabled}>
          Pick {k.toLocaleString("en")} rows
        </button>
      </div>
    </form>
  );
}
