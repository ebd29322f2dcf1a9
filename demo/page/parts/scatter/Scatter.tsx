/**
 * A million points at a time: the ground, points on their regions, is drawn when they change, and marks on a canvas of
 * their own above it. Hovering, or the arrow keys, single a row out and say what is known of it.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSize, type Size } from "../size.ts";
import { colours, type Colours } from "../theme.ts";
import { aspectOf, extentAround, projection, type Extent } from "./extent.ts";
import { PointGrid } from "./grid.ts";
import { drawMarks, markKinds, type Mark } from "./marks.ts";
import { pixelOf } from "./pixels.ts";
import { drawPoints } from "./points.ts";
import { drawRegions, type Regions } from "./regions.ts";

interface ScatterProps {
  /** What is to be seen, for those who do not see it. */
  readonly label: string;
  /** [rows, 2]. Another array is another plot: what is written into this one is not seen. */
  readonly points: Float32Array;
  /** Class of each row, as colours. */
  readonly classes?: Uint8Array;
  /** What part of the plane to show. Default: all points. */
  readonly extent?: Extent;
  /** Behind the points, over the whole extent. */
  readonly regions?: Regions;
  readonly marks?: readonly Mark[];
  /** What is said of a row that is singled out. */
  readonly describe?: (row: number) => ComponentChildren;
  /** Told which row is singled out, undefined where none is: to say more of it beside the plot. */
  readonly onSingle?: (row: number | undefined) => void;
}

/** How far from the pointer a row may be, in CSS pixels. Marks come first. */
const REACH = 12;

const noMarks: readonly Mark[] = [];

export function Scatter({
  label,
  points,
  classes,
  extent,
  regions,
  marks = noMarks,
  describe,
  onSingle,
}: ScatterProps) {
  const plot = useRef<HTMLDivElement>(null);
  const ground = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const size = useSize(plot);
  const shown = useMemo(() => extent ?? extentAround(points), [extent, points]);
  const grid = useMemo(() => once(() => new PointGrid(points, shown)), [points, shown]);
  const [singled, setActive] = useState<number>();
  const active = singled !== undefined && 2 * singled < points.length ? singled : undefined;
  const themed = colours.value;

  useEffect(() => onSingle?.(active), [active]);
  useLayoutEffect(() => {
    if (size) drawGround(fitted(ground.current!, size), shown, points, themed, size.ratio, classes, regions);
  }, [size, shown, points, classes, regions, themed]);
  useLayoutEffect(() => {
    const look = { classes, colours: themed, ratio: size?.ratio ?? 1 };
    if (size) drawMarks(fitted(above.current!, size), shown, points, marks, active, look);
  }, [size, shown, points, classes, marks, active, themed]);

  const rowAt = (event: PointerEvent): number | undefined => {
    const { left, top, width } = plot.current!.getBoundingClientRect();
    const { scale, back } = projection(shown, width);
    const [x, y] = back(event.clientX - left, event.clientY - top);
    return nearestMark(points, marks, x, y, REACH / scale) ?? grid().nearest(x, y, REACH / scale);
  };
  const step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") setActive(undefined);
    if (!by || !marks.length) return;
    event.preventDefault();
    const at = marks.findIndex(({ row }) => row === active);
    setActive(marks.at(at < 0 && by < 0 ? -1 : (at + by) % marks.length)!.row);
  };

  return (
    <figure class="scatter" data-points={points.length / 2}>
      <div
        class="plot"
        ref={plot}
        style={{ aspectRatio: aspectOf(shown) }}
        onPointerMove={(event) => setActive(rowAt(event))}
        onPointerDown={(event) => setActive(rowAt(event))}
        onPointerLeave={() => setActive(undefined)}
      >
        <div
          class="drawing"
          role="img"
          tabIndex={0}
          aria-label={summary(label, points, marks)}
          onKeyDown={step}
          onBlur={() => setActive(undefined)}
        >
          <canvas ref={ground} />
          <canvas ref={above} />
        </div>
        <output
          data-row={active}
          class="tip"
          style={size && active !== undefined ? besidePoint(points, active, shown, size) : undefined}
        >
          {active !== undefined && (describe?.(active) ?? `row ${active}`)}
        </output>
      </div>
      {marks.length > 0 && <MarkLegend marks={marks} />}
    </figure>
  );
}

/** What the signs of marks mean, and how many there are of each. */
function MarkLegend({ marks }: { readonly marks: readonly Mark[] }) {
  return (
    <figcaption>
      <ul class="legend">
        {countKinds(marks).map(([kind, count]) => (
          <li key={kind}>
            <span class={`mark ${kind}`} />
            <output data-name={kind} data-value={count}>
              {count}
            </output>{" "}
            {kind}
          </li>
        ))}
      </ul>
    </figcaption>
  );
}

function drawGround(
  context: CanvasRenderingContext2D,
  extent: Extent,
  points: Float32Array,
  { ground, classes: classColours }: Colours,
  ratio: number,
  classes?: Uint8Array,
  regions?: Regions,
): void {
  const { width, height } = context.canvas;
  if (!width || !height) return;
  const image = imageFor(context);
  const pixels = { data: new Uint32Array(image.data.buffer), width, height };
  const palette = classColours.map(pixelOf);
  if (regions) drawRegions(pixels, regions, pixelOf(ground), palette);
  else pixels.data.fill(pixelOf(ground));
  drawPoints(pixels, extent, points, { classes, palette, ratio });
  context.putImageData(image, 0, 0);
}

const images = new WeakMap<HTMLCanvasElement, ImageData>();

/** As large as the canvas, and the same one as last time if it can be: to make one takes longer than to draw on it. */
function imageFor(context: CanvasRenderingContext2D): ImageData {
  const { canvas } = context;
  const last = images.get(canvas);
  if (last?.width === canvas.width && last.height === canvas.height) return last;
  const image = context.createImageData(canvas.width, canvas.height);
  images.set(canvas, image);
  return image;
}

/** A canvas of as many pixels as the device has there. */
function fitted(canvas: HTMLCanvasElement, { width, height, ratio }: Size): CanvasRenderingContext2D {
  const [columns, lines] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== lines) canvas.height = lines;
  return canvas.getContext("2d")!;
}

function nearestMark(points: Float32Array, marks: readonly Mark[], x: number, y: number, reach: number) {
  let found: number | undefined;
  let least = reach;
  for (const { row } of marks) {
    const distance = Math.hypot(points[2 * row] - x, points[2 * row + 1] - y);
    if (distance < least) [least, found] = [distance, row];
  }
  return found;
}

/** Towards the middle of the plot from the point, so that it stays inside. */
function besidePoint(points: Float32Array, row: number, extent: Extent, { width, height }: Size) {
  const { x, y } = projection(extent, width);
  const [px, py] = [x(points[2 * row]), y(points[2 * row + 1])];
  return {
    ...(px < width / 2 ? { left: `${px + 16}px` } : { right: `${width - px + 16}px` }),
    ...(py < height / 2 ? { top: `${py + 8}px` } : { bottom: `${height - py + 8}px` }),
  };
}

function summary(label: string, points: Float32Array, marks: readonly Mark[]): string {
  const plain = `${label}: ${(points.length / 2).toLocaleString("en")} points`;
  const marked = countKinds(marks).map(([kind, count]) => `${count} ${kind}`);
  return marked.length ? `${plain}, ${marked.join(", ")}. The left and right arrow keys go through these.` : plain;
}

/** Of the kinds that there are. */
const countKinds = (marks: readonly Mark[]) =>
  markKinds
    .map((kind) => [kind, marks.filter((mark) => mark.kind === kind).length] as const)
    .filter(([, count]) => count > 0);

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
