/** How numbers are spread: equal bins, as bars. */
import { useMemo } from "preact/hooks";

interface HistogramProps {
  /** What is counted, such as "entropy in nats". */
  readonly label: string;
  /** Those that are not finite are left out. */
  readonly values: Float32Array;
  /** Where to draw a line, such as the lowest score that was picked. */
  readonly mark?: { readonly at: number; readonly label: string };
}

const BINS = 48;

/** In units of the drawing, which is stretched to the width there is. */
const WIDTH = 10 * BINS;
const HEIGHT = 120;

export function Histogram({ label, values, mark }: HistogramProps) {
  const { lowest, highest, counts, counted } = useMemo(() => countBins(values), [values]);
  const tallest = Math.max(1, ...counts);
  const binWidth = (highest - lowest) / BINS;
  const summary = `${label}: ${counted.toLocaleString("en")} values from ${short(lowest)} to ${short(highest)}`;
  const markX = mark && (WIDTH * (mark.at - lowest)) / (highest - lowest || 1);
  return (
    <figure class="histogram" data-counted={counted} data-lowest={lowest} data-highest={highest}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={summary}>
        {counts.map((count, bin) => {
          const height = count && Math.max(1, (HEIGHT * count) / tallest);
          return (
            <rect key={bin} x={10 * bin + 0.5} y={HEIGHT - height} width={9} height={height} data-count={count}>
              <title>{`${short(lowest + bin * binWidth)} to ${short(lowest + (bin + 1) * binWidth)}: ${count.toLocaleString("en")}`}</title>
            </rect>
          );
        })}
        {mark && <line x1={markX} x2={markX} y1={0} y2={HEIGHT} />}
      </svg>
      <figcaption>
        <span>{short(lowest)}</span>
        <span>
          {label}
          {mark && `; ${mark.label}: ${short(mark.at)}`}
        </span>
        <span>{short(highest)}</span>
      </figcaption>
    </figure>
  );
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

function countBins(values: Float32Array) {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const counts = Array.from({ length: BINS }, () => 0);
  if (lowest > highest) return { lowest: 0, highest: 0, counts, counted: 0 };
  const scale = BINS / (highest - lowest || 1);
  let counted = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    counts[Math.min(BINS - 1, Math.floor((value - lowest) * scale))]++;
    counted++;
  }
  return { lowest, highest, counts, counted };
}
