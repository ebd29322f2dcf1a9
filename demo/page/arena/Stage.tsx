/** What is seen of a race: the pool twice, as either learner has it, and both accuracies. */
import { useMemo } from "preact/hooks";
import { Curves, type Curve } from "../parts/Curves.tsx";
import { ErrorLine } from "../parts/ErrorLine.tsx";
import { Legend } from "../parts/Legend.tsx";
import { percent, Readings } from "../parts/Readings.tsx";
import { LearnerView } from "./LearnerView.tsx";
import type { Match, View } from "./match.ts";
import { takesStrategy } from "./menus.ts";
import { atWork, remedies } from "./remedies.ts";
import type { Settings } from "./settings.ts";

interface StageProps {
  readonly match: Match;
  /** Accuracies of the race before, where that is to be held against this one. */
  readonly before: View["courses"][0] | undefined;
}

export function Stage({ match, before }: StageProps) {
  const view = match.view.value;
  const error = match.error.value;
  const { settings } = match;
  const name = nameOf(settings);
  return (
    <section class="stack" aria-label="The race">
      {error !== undefined && <ErrorLine error={error} />}
      {view && (
        <>
          <Progress view={view} />
          <div class="learners">
            {([name, "random"] as const).map((title, at) => (
              <LearnerView
                key={at}
                id={at === 0 ? "asked" : "random"}
                title={title}
                about={at === 0 ? withRemedies(settings) : "asks for rows drawn by lot"}
                shown={view.learners[at]}
                world={match.race!.world}
                extent={match.extent!}
              />
            ))}
          </div>
          <Legend names={Array.from({ length: settings.blobs }, (_, blob) => `class ${blob}`)} />
          <p class="hint">
            A point has the colour of the label that it would get; the ground has that of the class which the model says
            there, the stronger the surer it is.
          </p>
          <Accuracies {...{ view, before, name }} />
        </>
      )}
    </section>
  );
}

/** How far it is, in one line that a screen reader is told when it is over. */
function Progress({ view: { round, learners, labels } }: { readonly view: View }) {
  const [asked, atRandom] = learners;
  const { stop, calibration } = asked;
  return (
    <>
      <Readings
        readings={[
          { name: "round", label: "round", value: round },
          { name: "labels", label: "labels each", value: labels.at(-1) },
          { name: "asked-accuracy", label: "accuracy, asking", value: asked.accuracy, format: percent },
          { name: "random-accuracy", label: "accuracy, at random", value: atRandom.accuracy, format: percent },
          ...(calibration
            ? [
                {
                  name: "temperature",
                  label: "temperature",
                  value: calibration.temperature,
                  format: (t: number) => t.toPrecision(2),
                },
              ]
            : []),
        ]}
      />
      <p class="hint" role="log">
        {stop && `The race is over: ${stop}.`}
      </p>
    </>
  );
}

function Accuracies({
  view,
  before,
  name,
}: Pick<StageProps, "before"> & { readonly view: View; readonly name: string }) {
  const { labels, courses } = view;
  // Another array is new data to a plot.
  const curves = useMemo(() => {
    const [asked, atRandom] = courses;
    const both: Curve[] = [
      { name, colour: 0, values: asked },
      { name: "random", colour: 1, values: atRandom, dashed: true },
    ];
    if (!before) return both;
    return [...both, { name: "before the change", colour: 3, values: labels.map((_, at) => before[at] ?? null) }];
  }, [view, before, name]);
  return (
    <>
      <Curves
        label="Accuracy"
        xLabel="labels"
        x={labels}
        curves={curves}
        range={[lowestOf(curves), 1]}
        format={percent}
      />
      <p class="hint">
        Measured on rows that nobody may ask for: as many of each class, none of them an outlier or wrongly labelled.
      </p>
    </>
  );
}

/** Where the plot begins: the fifth below all of them. */
function lowestOf(curves: readonly Curve[]): number {
  const least = curves.flatMap(({ values }) => values).reduce<number>((low, value) => Math.min(low, value ?? 1), 1);
  return Math.min(4, Math.floor(5 * least)) / 5;
}

/** What the learner that does not ask at random goes by. */
const nameOf = ({ strategy, batch }: Settings): string => (takesStrategy(batch) ? `${strategy}, ${batch}` : batch);

function withRemedies(settings: Settings): string {
  const on = atWork(settings).map((name) => remedies[name].label);
  return on.length === 0 ? "asks for what it would most like to know" : `asks with a remedy: ${on.join(", ")}`;
}
