/** What the labels have bought: accuracy on digits held out, beside that of the random asker. */
import { useMemo } from "preact/hooks";
import { Curves } from "../parts/Curves.tsx";
import { percent, Readings } from "../parts/Readings.tsx";
import type { Digits } from "./data.ts";
import { answeredIn, type Round } from "./labelling.ts";

const points = (share: number): string => `${share < 0 ? "−" : "+"}${Math.abs(100 * share).toFixed(1)} points`;

export function Results({ digits, rounds }: { readonly digits: Digits; readonly rounds: readonly Round[] }) {
  const learnt = useMemo(() => rounds.flatMap((round) => round.learnt ?? []), [rounds]);
  const { x, curves } = useMemo(() => curvesOf(learnt), [learnt]);
  const answered = answeredIn(rounds);
  const last = learnt.at(-1);
  return (
    <>
      <Readings
        readings={[
          { name: "labels", label: "your labels", value: answered.length },
          { name: "accuracy", label: "your accuracy", value: last?.accuracy, format: percent },
          { name: "random-labels", label: "random asker’s labels", value: learnt.length },
          { name: "random-accuracy", label: "its accuracy", value: last?.random.accuracy, format: percent },
          {
            name: "difference",
            label: "difference",
            value: last && last.accuracy - last.random.accuracy,
            format: points,
          },
          {
            name: "differ",
            label: "differ from the book",
            value: answered.filter(({ row, label }) => label !== digits.pool.labels[row]).length,
          },
          { name: "skipped", label: "skipped", value: rounds.length - answered.length },
        ]}
      />
      <Curves
        label={`Accuracy on ${digits.heldOut.labels.length.toLocaleString("en")} other digits`}
        xLabel="labels"
        x={x}
        curves={curves}
        format={percent}
      />
      <p class="hint">
        After each answer a model (logistic regression) learns from your labels alone, wrong ones too, and asks for the
        next row. The random asker gets as many labels, always the right ones, of rows drawn at random, and trains the
        same model.
      </p>
    </>
  );
}

function curvesOf(learnt: readonly { accuracy: number; random: { accuracy: number } }[]) {
  return {
    x: learnt.map((_, i) => i + 1),
    curves: [
      { name: "your labels", colour: 0, values: learnt.map(({ accuracy }) => accuracy) },
      { name: "random asker", colour: 1, values: learnt.map(({ random }) => random.accuracy), dashed: true },
    ],
  };
}
