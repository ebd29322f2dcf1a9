/** Curves over a common x, such as accuracies over labels: uPlot, in the colours of the theme. */
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useSize } from "./size.ts";
import { classColour, colours, type Colours } from "./theme.ts";

export interface Curve {
  readonly name: string;
  /** Of the palette of classes. */
  readonly colour: number;
  /** As many as x; null where there is none. */
  readonly values: readonly (number | null)[];
  /** For what the others are held against. */
  readonly dashed?: boolean;
}

interface CurvesProps {
  readonly label: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly curves: readonly Curve[];
  /** The range of y. Default 0 to 1. */
  readonly range?: readonly [number, number];
  readonly format?: (value: number) => string;
}

const HEIGHT = 240;

export function Curves({ label, xLabel, x, curves, range = [0, 1], format = String }: CurvesProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const width = Math.floor(useSize(host)?.width ?? 0);
  const look = curves.map(({ name, colour, dashed }) => [name, colour, dashed].join()).join(";");
  const [lowest, highest] = range;
  const themed = colours.value;

  // How it looks is settled when it is made; what it shows, and how wide it is, are not.
  useEffect(() => {
    const options = optionsOf(xLabel, curves, [lowest, highest], format, themed);
    plot.current = new uPlot({ ...options, width, height: HEIGHT }, dataOf(x, curves), host.current!);
    return () => plot.current!.destroy();
  }, [look, xLabel, lowest, highest, themed]);
  useEffect(() => plot.current!.setSize({ width, height: HEIGHT }), [width]);
  useEffect(() => plot.current!.setData(dataOf(x, curves)), [x, curves]);

  return (
    <figure class="curves" data-points={x.length}>
      <figcaption>
        {label}
        <ul class="legend">
          {curves.map(({ name, colour, values }) => {
            const last = values.at(-1) ?? undefined;
            return (
              <li key={name}>
                <span class="swatch" style={{ background: classColour(colour) }} />
                {name}{" "}
                <output data-curve={name} data-value={last}>
                  {last === undefined ? "–" : format(last)}
                </output>
              </li>
            );
          })}
        </ul>
      </figcaption>
      <div ref={host} aria-hidden="true" />
      <Numbers {...{ xLabel, x, curves, format }} />
    </figure>
  );
}

/** The same as a table, made when it is asked for. */
function Numbers({ xLabel, x, curves, format }: Required<Pick<CurvesProps, "xLabel" | "x" | "curves" | "format">>) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As numbers</summary>
      {isOpen && (
        <table>
          <thead>
            <tr>
              {[xLabel, ...curves.map(({ name }) => name)].map((title) => (
                <th key={title} scope="col" class="numeric">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {x.map((at, i) => (
              <tr key={i}>
                <td class="numeric">{at}</td>
                {curves.map(({ name, values }) => (
                  <td key={name} class="numeric">
                    {values[i] == null ? "–" : format(values[i])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}

const dataOf = (x: readonly number[], curves: readonly Curve[]): uPlot.AlignedData =>
  [x, ...curves.map(({ values }) => values)] as uPlot.AlignedData;

function optionsOf(
  xLabel: string,
  curves: readonly Curve[],
  range: [number, number],
  format: (value: number) => string,
  { ink, line, classes }: Colours,
): Omit<uPlot.Options, "width" | "height"> {
  const axis: uPlot.Axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, y: { range } },
    axes: [
      { ...axis, label: xLabel, labelSize: 20, size: 32, labelFont: "12px system-ui" },
      { ...axis, size: 52, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...curves.map(({ name, colour, dashed }) => ({
        label: name,
        stroke: classes[colour % classes.length],
        width: 2,
        dash: dashed ? [6, 4] : undefined,
        spanGaps: true,
      })),
    ],
  };
}
