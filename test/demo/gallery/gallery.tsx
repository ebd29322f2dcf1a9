/** Every shared part of the page at work, to be looked at and tested by itself. `?points=N` says how many to draw. */
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { InputError } from "poolwise";
import "../../../demo/page/styles/base.css";
import "../../../demo/page/styles/layout.css";
import "../../../demo/page/styles/parts.css";
import { Button, ButtonRow } from "../../../demo/page/parts/Button.tsx";
import { Curves } from "../../../demo/page/parts/Curves.tsx";
import { ErrorLine } from "../../../demo/page/parts/ErrorLine.tsx";
import { NumberField, Select, Slider, Switch } from "../../../demo/page/parts/Field.tsx";
import { Histogram } from "../../../demo/page/parts/Histogram.tsx";
import { Legend } from "../../../demo/page/parts/Legend.tsx";
import { useLifetime } from "../../../demo/page/parts/lifetime.ts";
import { ProgressBar } from "../../../demo/page/parts/ProgressBar.tsx";
import { percent, Readings } from "../../../demo/page/parts/Readings.tsx";
import { Scatter } from "../../../demo/page/parts/scatter/Scatter.tsx";
import { Table } from "../../../demo/page/parts/Table.tsx";
import { toggleTheme } from "../../../demo/page/parts/theme.ts";
import { discs, marks, stripes } from "./scene.ts";

const points = Number(new URLSearchParams(location.search).get("points") ?? 200_000);
const behind = stripes();
const scores = Float32Array.from({ length: 1000 }, (_, row) => (row === 7 ? NaN : Math.sqrt(row / 1000)));

/** Tells once that it has been left. */
function Guest({ onLeft }: { readonly onLeft: () => void }) {
  const lifetime = useLifetime();
  useEffect(() => lifetime.addEventListener("abort", onLeft), []);
  return <span>A guest is here.</span>;
}

function Gallery() {
  const [hasGuest, setHasGuest] = useState(true);
  const [left, setLeft] = useState(0);
  const [k, setK] = useState(5);
  const [epsilon, setEpsilon] = useState(0.1);
  const [rule, setRule] = useState<"top-k" | "k-center">("top-k");
  const [shows, setShows] = useState(true);
  const [rounds, setRounds] = useState(6);
  const scene = useMemo(() => discs(points), []);
  const x = Array.from({ length: rounds }, (_, round) => 10 * round);
  const asked = x.map((labels) => 1 - 0.5 * Math.exp(-labels / 30));
  const atRandom = x.map((labels) => 1 - 0.5 * Math.exp(-labels / 60));
  return (
    <div class="beside" style={{ padding: "1rem" }}>
      <div class="stack card">
        <NumberField label="k" value={k} onChange={setK} min={1} max={50} />
        <Slider
          label="ε"
          value={epsilon}
          onChange={setEpsilon}
          min={0}
          max={1}
          step={0.1}
          format={percent}
          hint="how often to explore"
        />
        <Select label="batch" value={rule} onChange={setRule} options={["top-k", "k-center"]} />
        <Switch label="regions" value={shows} onChange={setShows} />
        <ButtonRow label="Playback">
          <Button primary onClick={() => setRounds(rounds + 1)}>
            Step
          </Button>
          <Button pressed={!shows} onClick={() => setShows(!shows)}>
            Bare
          </Button>
          <Button onClick={toggleTheme}>Theme</Button>
          <Button disabled onClick={() => setRounds(0)}>
            Reset
          </Button>
        </ButtonRow>
        <Readings
          readings={[
            { name: "k", label: "batch size", value: k },
            { name: "epsilon", label: "ε", value: epsilon, format: percent },
            { name: "left", label: "guests left", value: left },
            { name: "radius", label: "covering radius", value: undefined },
          ]}
        />
        <Switch label="guest" value={hasGuest} onChange={setHasGuest} />
        {hasGuest && <Guest onLeft={() => setLeft((times) => times + 1)} />}
        <output data-name="batch">{rule}</output>
        <ProgressBar label="scoring" done={250_000} of={1_000_000} />
        <ErrorLine error={new InputError("logits: row 3 class 1 is NaN: mend it, or load with invalid skip")} />
      </div>
      <div class="stack">
        <Scatter
          label="Three discs"
          {...scene}
          regions={shows ? behind : undefined}
          marks={marks}
          describe={(row) => `row ${row}, class ${scene.classes[row]}`}
        />
        <Legend names={["left", "middle", "right"]} />
        <Legend names={Array.from({ length: 10 }, (_, at) => `class ${at}`)} />
        <Curves
          label="Accuracy"
          xLabel="labels"
          x={x}
          format={percent}
          curves={[
            { name: "entropy", colour: 0, values: asked },
            { name: "random", colour: 1, values: atRandom, dashed: true },
          ]}
        />
        <Histogram label="entropy in nats" values={scores} mark={{ at: 0.9, label: "lowest pick" }} />
        <Table
          caption="Picks"
          columns={[
            { title: "row", cell: ({ row }) => row, numeric: true },
            { title: "as", cell: ({ kind }) => kind },
          ]}
          rows={marks}
        />
      </div>
    </div>
  );
}

render(<Gallery />, document.getElementById("page")!);
