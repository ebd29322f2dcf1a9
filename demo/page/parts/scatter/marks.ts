/** Rows that stand out: drawn on top, each kind in its own way, so that no colour has to say what it is. */
import { projection, type Extent } from "./extent.ts";
import type { Colours } from "../theme.ts";

/** What is drawn later lies on top. */
export const markKinds = ["labelled", "pick", "next"] as const;
type MarkKind = (typeof markKinds)[number];

/** `labelled` is a disc in the colour of its class, `pick` a ring, `next` a larger ring around a dot. */
export interface Mark {
  readonly row: number;
  readonly kind: MarkKind;
  /** Written beside it, such as its place in an order. */
  readonly text?: string;
}

interface MarksLook {
  readonly classes?: Uint8Array;
  readonly colours: Colours;
  /** Device pixels to a CSS pixel. */
  readonly ratio: number;
}

/** Radii in CSS pixels. */
const radii = { labelled: 5, pick: 6.5, next: 9 };

export function drawMarks(
  context: CanvasRenderingContext2D,
  extent: Extent,
  points: Float32Array,
  marks: readonly Mark[],
  active: number | undefined,
  { classes, colours, ratio }: MarksLook,
): void {
  const { canvas } = context;
  const { x, y } = projection(extent, canvas.width);
  context.clearRect(0, 0, canvas.width, canvas.height);
  const at = (row: number) => [x(points[2 * row]), y(points[2 * row + 1])] as const;
  for (const kind of markKinds) {
    for (const mark of marks) {
      if (mark.kind !== kind) continue;
      const [px, py] = at(mark.row);
      const radius = radii[kind] * ratio;
      if (kind === "labelled") {
        const fill = colours.classes[(classes?.[mark.row] ?? 0) % colours.classes.length];
        // A rim of the ground between, so that the edge shows on a class whose colour is near that of the ink.
        disc(context, px, py, radius, colours.ground, colours.ink, ratio);
        disc(context, px, py, radius - 2 * ratio, fill, fill, ratio);
      } else ring(context, px, py, radius, colours, ratio);
      if (kind === "next") disc(context, px, py, 3 * ratio, colours.accent, colours.ground, ratio);
    }
  }
  for (const { row, kind, text } of marks)
    if (text) write(context, text, ...at(row), radii[kind] * ratio, colours, ratio);
  if (active !== undefined) ring(context, ...at(active), 11 * ratio, { ...colours, accent: colours.ink }, ratio);
}

type Context = CanvasRenderingContext2D;

function disc(context: Context, x: number, y: number, radius: number, fill: string, edge: string, ratio: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1.5 * ratio;
  context.strokeStyle = edge;
  context.stroke();
}

/** With a rim of the ground on either side, so that it shows on any colour. */
function ring(context: Context, x: number, y: number, radius: number, colours: Colours, ratio: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 5 * ratio;
  context.strokeStyle = colours.ground;
  context.stroke();
  context.lineWidth = 2.5 * ratio;
  context.strokeStyle = colours.accent;
  context.stroke();
}

/**
 * Above and to the right of a mark of that radius, or wherever the canvas has room for it; with a rim of the ground, so
 * that it can be read on any colour.
 */
function write(
  context: Context,
  text: string,
  x: number,
  y: number,
  radius: number,
  { ink, ground }: Colours,
  ratio: number,
): void {
  const size = 11 * ratio;
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.lineJoin = "round";
  context.lineWidth = 3 * ratio;
  const { width } = context.measureText(text);
  const aside = 0.8 * radius;
  const left = x + aside + width > context.canvas.width ? x - aside - width : x + aside;
  const base = y - aside < size ? y + aside + 0.7 * size : y - aside;
  context.strokeStyle = ground;
  context.strokeText(text, left, base);
  context.fillStyle = ink;
  context.fillText(text, left, base);
}
