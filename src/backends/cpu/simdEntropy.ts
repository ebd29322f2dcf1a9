/** Entropies of mixed predictions in float32 on this machine's vector units: `simd/entropy.ts`, and its memory. */
import { log } from "../../elementary.ts";
import { unitRoundoff } from "../../strategy.ts";
import { instantiate } from "./simdModule.ts";

/** What `simd/entropy.ts` exports. Places are in bytes. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  entropies(
    rows: number,
    count: number,
    passes: number,
    classes: number,
    weights: number,
    masses: number,
    panels: number,
    into: number,
    constants: number,
  ): void;
  readonly CONSTANT_BYTES: WebAssembly.Global;
}

const PAGE = 2 ** 16;
/** Mixtures in one panel. */
const PANEL = 16;
/** Values of rows that one call is handed, if it is not one row: they stay in the cache from panel to panel. */
const ROW_VALUES = 2 ** 15;

/** How far a mean entropy may be off: `simd/entropy.ts` has the sum, and a hundredth more is for what is of second order. */
export const entropyError = (passes: number, classes: number): number =>
  1.01 * (passes + classes + 16) * unitRoundoff * (1 + log(classes));

/** Rows as they are mixed: probabilities, [passes, classes]. */
interface Mixable {
  readonly classes: number;
  readonly each: Float64Array;
}

/**
 * The mean entropy of rows over mixtures of their passes.
 *
 * Memory holds, one after the other: weights, masses, the rows of a call, what comes out, which is float64, and constants.
 */
export class SimdEntropy {
  private readonly run: Exports;
  private passes = 0;
  private panels = 0;

  private constructor(run: Exports) {
    this.run = run;
  }

  static async open(): Promise<SimdEntropy> {
    return new SimdEntropy(await instantiate("entropy"));
  }

  /** Takes other mixtures: weights [count, passes], each of which sums to 1, and masses [count], which sum to 1. */
  mix(passes: number, weights: Float64Array, masses: Float64Array): void {
    this.passes = passes;
    this.panels = Math.ceil(masses.length / PANEL);
    this.reserve(this.rowsAt);
    const floats = new Float32Array(this.run.memory.buffer);
    floats.fill(0, 0, this.rowsAt / 4);
    for (let s = 0; s < masses.length; s++) {
      const first = Math.floor(s / PANEL) * passes * PANEL + (s % PANEL);
      for (let t = 0; t < passes; t++) floats[first + t * PANEL] = weights[s * passes + t];
    }
    floats.set(masses, this.massesAt / 4);
  }

  /** Σ mass · H(mixture) of each row, in nats, to within `entropyError`. */
  of(rows: readonly Mixable[]): Float64Array {
    const found = new Float64Array(rows.length);
    if (rows.length === 0) return found;
    const { run, passes, panels, rowsAt } = this;
    const values = rows[0].each.length;
    const most = Math.min(rows.length, Math.max(1, Math.floor(ROW_VALUES / values)));
    const into = 8 * Math.ceil((rowsAt + 4 * most * values) / 8);
    const constants = 16 * Math.ceil((into + 8 * most) / 16);
    this.reserve(constants + run.CONSTANT_BYTES.value);
    const { buffer } = run.memory;
    const floats = new Float32Array(buffer);
    for (let first = 0; first < rows.length; first += most) {
      const count = Math.min(most, rows.length - first);
      for (let i = 0; i < count; i++) floats.set(rows[first + i].each, rowsAt / 4 + i * values);
      run.entropies(rowsAt, count, passes, rows[0].classes, 0, this.massesAt, panels, into, constants);
      found.set(new Float64Array(buffer, into, count), first);
    }
    return found;
  }

  private get massesAt(): number {
    return 4 * this.panels * PANEL * this.passes;
  }

  private get rowsAt(): number {
    return this.massesAt + 4 * this.panels * PANEL;
  }

  private reserve(bytes: number): void {
    const { memory } = this.run;
    const missing = bytes - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  }
}
