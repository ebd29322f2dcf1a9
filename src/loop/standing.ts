/** What a loop knows by now: rows with a label and their features, rows that were refused, and rows that are left. */
import { InputError } from "../errors.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Features } from "../matrix.ts";
import type { Pool } from "../pool.ts";
import type { Labelled } from "./model.ts";
import type { Answer } from "./oracle.ts";

export class Standing {
  /** In the order of answers, which is that of learning. */
  readonly known: { readonly row: number; readonly label: number }[] = [];
  readonly refused: number[] = [];
  /** [pool rows]: 1 for those that may be asked for. */
  readonly isLeft: Uint8Array;
  /** Rows that may be asked for. */
  left: number;
  /** Rows that can never be asked for, as they hold no numbers, ascending. */
  readonly invalid: Uint32Array;
  private readonly pool: Pool;
  private readonly dims: number;
  /** Of known rows, as far as they have been read. */
  private readonly features: Float32Array[] = [];
  /** What tells rows of the validation set from others. */
  private readonly held: Set<string>;
  /** Known rows that were looked for there, and those found. */
  private readonly looked = { for: 0, found: 0 };

  /** @throws InputError where a row is known that holds no numbers */
  constructor(
    pool: Pool,
    dims: number,
    { known, invalid, held }: { known: readonly Answer[]; invalid: Uint32Array; held: Features | undefined },
  ) {
    this.pool = pool;
    this.dims = dims;
    this.invalid = invalid;
    this.isLeft = new Uint8Array(pool.rows).fill(1);
    for (const row of invalid) this.isLeft[row] = 0;
    this.left = pool.rows - invalid.length;
    this.held = new Set(held && eachRow(held).map(printOf));
    for (const answer of known) {
      if (this.isLeft[answer.row] === 0)
        throw new InputError(`labelled: row ${answer.row} of the pool holds no numbers: leave it out`);
      this.note(answer);
    }
  }

  note({ row, label }: Answer): void {
    if (label === null) this.refused.push(row);
    else this.known.push({ row, label });
    this.isLeft[row] = 0;
    this.left--;
  }

  /** Rows that have a label or were refused. */
  get taken(): number[] {
    return [...this.known.map(({ row }) => row), ...this.refused];
  }

  /** Reads the features of rows that have become known. */
  async readFeatures(): Promise<void> {
    const rows = this.known.slice(this.features.length).map(({ row }) => row);
    if (rows.length > 0) this.features.push(...eachRow(await this.pool.features(rows)));
  }

  labelled(seed: number, classes: number | undefined): Labelled {
    const { known, features, dims } = this;
    const data = new Float32Array(known.length * dims);
    known.forEach((_, i) => data.set(features[i], i * dims));
    return {
      features: { data, rows: known.length, dims },
      labels: Uint32Array.from(known, ({ label }) => label),
      rows: Uint32Array.from(known, ({ row }) => row),
      ...(classes !== undefined && { classes }),
      seed,
    };
  }

  /** Known rows that are in the validation set, too. */
  overlap(): number {
    const { looked, features, held } = this;
    for (; looked.for < features.length; looked.for++) if (held.has(printOf(features[looked.for]))) looked.found++;
    return looked.found;
  }
}

const eachRow = ({ data, rows, dims }: Features): Float32Array[] =>
  Array.from({ length: rows }, (_, row) => data.slice(row * dims, (row + 1) * dims));

function printOf(row: Float32Array): string {
  const print = fingerprint();
  print.add(row);
  return print.digits();
}
