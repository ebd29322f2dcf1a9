/** How the predictions are read, and what the pool is asked for. */
import type { Pool } from "poolwise";
import { NumberField, Select, Slider, Switch } from "../parts/Field.tsx";
import { batchNamed, choose, missing, strategyNamed, type Choice, type Supply } from "./choices.ts";
import type { Session } from "./session.ts";

const kinds = ["logits", "probabilities"] as const;

export function ChoiceForm({ session, pool }: { readonly session: Session; readonly pool: Pool }) {
  const { predictions, embeddings } = session.files.value;
  const supply: Supply = { passes: predictions ? (predictions.passes ?? 1) : 0, hasEmbeddings: Boolean(embeddings) };
  const wanted = session.wanted.value;
  const { choice, knownStrategies, knownBatches, fixed, weighsAlpha, weighsDensity } = choose(
    wanted,
    supply,
    pool.rows,
  );
  const { strategy, batch } = choice;
  const want = (some: Partial<Choice>): void => void (session.wanted.value = { ...wanted, ...some });
  const numeric = (name: "k" | "temperature" | "seed" | "alpha" | "epsilon" | "density") => ({
    value: choice[name],
    onChange: (value: number) => want({ [name]: value }),
  });
  const { kind, invalid } = session.reading.value;
  const disabled = session.working.value;

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
            label="Kind"
            value={kind}
            options={kinds}
            disabled={disabled}
            onChange={(to) => void session.read({ kind: to, invalid })}
            hint="What the predictions are. Logits are what a model gives before its softmax."
          />
          <NumberField
            label="Temperature"
            {...numeric("temperature")}
            min={0.01}
            max={100}
            step={0.01}
            hint="Divides logits. Above 1 for a model that is too sure of itself."
          />
        </>
      )}
      {strategy && (
        <Select
          label="Strategy"
          value={strategy}
          options={knownStrategies}
          disabled={fixed !== undefined}
          onChange={(name) => want({ strategy: name })}
          hint={fixed ? `${batch} works from ${fixed}.` : `A row's score: ${strategyNamed(strategy).about}.`}
        />
      )}
      <Select
        label="Batch"
        value={batch}
        options={knownBatches}
        onChange={(name) => want({ batch: name })}
        hint={[`Picks ${batchNamed(batch).about}.`, missing(supply)].filter(Boolean).join(" ")}
      />
      <NumberField label="k" {...numeric("k")} min={1} max={pool.rows} hint="Rows to pick." />
      {weighsAlpha && (
        <Slider
          label="Weight of scores α"
          {...numeric("alpha")}
          min={0}
          max={1}
          step={0.05}
          hint="0 goes by distances alone, 1 by scores alone."
        />
      )}
      <Slider
        label="Exploration ε"
        {...numeric("epsilon")}
        min={0}
        max={1}
        step={0.05}
        hint="The chance that a pick is drawn among all rows instead, to find what the model cannot know of."
      />
      {weighsDensity && (
        <NumberField
          label="Density β"
          {...numeric("density")}
          min={0}
          max={100}
          step={0.25}
          hint="Above 0, rows that many others are like count for more: outliers are asked for less."
        />
      )}
      <NumberField label="Seed" {...numeric("seed")} min={0} max={2 ** 32 - 1} hint="Fixes all that is random." />
      <Switch
        label="Leave out invalid rows"
        value={invalid === "skip"}
        disabled={disabled}
        onChange={(on) => void session.read({ kind, invalid: on ? "skip" : "error" })}
        hint="Rows with NaN or infinity. Otherwise one stops the work and is named."
      />
      <div class="button-row">
        <button type="submit" class="button primary" disabled={disabled}>
          Pick {choice.k.toLocaleString("en")} {choice.k === 1 ? "row" : "rows"}
        </button>
      </div>
    </form>
  );
}
