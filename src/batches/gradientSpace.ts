/**
 * Rows as the gradients that their likeliest label would send into the last layer: g = (p − e_ŷ) ⊗ h, where h is what that
 * layer reads: of a head without embeddings of their own beside it, its last hidden units. They are never built: ‖g_i − g_j‖² = ‖q_i‖²‖h_i‖² + ‖q_j‖²‖h_j‖² − 2 (q_i·q_j)(h_i·h_j), with q = p − e_ŷ.
 */
import type { Space } from "../distance.ts";
import type { RowBeliefs } from "../strategy.ts";
import type { BatchContext } from "./batch.ts";

/** Rows between two that progress is told at. */
const TOLD = 4096;

/** Its rows are looked at one by one: `fetch` a row before it is. */
export class GradientSpace implements Space {
  readonly rows: number;
  /** [rows]: ‖g‖², NaN where there are no valid predictions. */
  readonly squaredNorms: Float64Array;
  private readonly context: BatchContext;
  private readonly chosen: Point[] = [];
  private fetched: Point | undefined;
  private from!: Point;

  private constructor(context: BatchContext) {
    this.context = context;
    this.rows = context.rows;
    this.squaredNorms = new Float64Array(context.rows).fill(NaN);
  }

  static async open(context: BatchContext, rows: Uint32Array): Promise<GradientSpace> {
    const space = new GradientSpace(context);
    const { length: of } = rows;
    let seen = 0;
    await context.beliefs(rows, (beliefs) => {
      const q = residual(beliefs.p);
      const h = space.lastInput(beliefs);
      space.squaredNorms[beliefs.row] = dot(q, q) * dot(h, h);
      if (++seen % TOLD === 0) context.pace.tell({ stage: "scoring", rows: seen, of });
    });
    // Of rows without valid predictions nothing is heard.
    if (seen % TOLD > 0 || seen < of) context.pace.tell({ stage: "scoring", rows: of, of });
    return space;
  }

  get centres(): number {
    return this.chosen.length;
  }

  /** Takes in the predictions of a row. */
  async fetch(row: number): Promise<void> {
    await this.context.beliefs(Uint32Array.of(row), (beliefs) => {
      this.fetched = { row, q: residual(beliefs.p).slice(), h: this.lastInput(beliefs).slice() };
    });
  }

  look(row: number): void {
    if (this.fetched?.row !== row) throw new Error(`row ${row} was not fetched`);
    this.from = this.fetched;
  }

  addCentre(row: number): void {
    this.look(row);
    this.chosen.push(this.from);
  }

  squared(centre: number): number {
    const { from, chosen, squaredNorms } = this;
    const other = chosen[centre];
    const product = dot(from.q, other.q) * dot(from.h, other.h);
    return Math.max(0, squaredNorms[from.row] + squaredNorms[other.row] - 2 * product);
  }

  distance(squared: number): number {
    return Math.sqrt(squared);
  }

  private lastInput({ row, lastInput }: RowBeliefs): Float32Array | Float64Array {
    const { hasOwnEmbeddings, embeddings } = this.context;
    if (lastInput && !hasOwnEmbeddings) return lastInput();
    const first = embeddings.at(row);
    return embeddings.data.slice(first, first + embeddings.dims);
  }
}

interface Point {
  readonly row: number;
  readonly q: Float64Array;
  readonly h: ArrayLike<number>;
}

/** p − e_ŷ, in place; ŷ is the likeliest class, ties to the lowest. */
function residual(p: Float64Array): Float64Array {
  let top = 0;
  for (let c = 1; c < p.length; c++) if (p[c] > p[top]) top = c;
  p[top] -= 1;
  return p;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
