/** What a score pass is told, and what it tells. TypeScript writes these as words in their order: `npm run simd` tells it which. */

/** Of all rows alike. Places are in bytes. */
@unmanaged
export class Job {
  /** One of KIND in room.ts. */
  kind: u32;
  classes: u32;
  passes: u32;
  /** Of features. */
  dims: u32;
  /** 1 / (temperature ln 2). */
  inverse: f32;
  seed: u32;
  /** Bits of a magnitude from which on a value is no valid input. */
  limit: u32;
  /** Scores wanted, and which: [outputs], codes of score.ts. */
  outputs: u32;
  codes: u32;
  /** What has to be known of passes for them: bits of WANTS in room.ts. */
  wants: u32;
  /** The head: layers, [layerCount] of Layer. */
  layers: u32;
  layerCount: u32;
  activation: u32;
  /** Of dropout: draws of 16 bits below it leave a unit out, and what is kept grows by keepScale. */
  threshold: u32;
  keepScale: f32;
  /** Two logits this close, for every unit of ‖(x, 1)‖, may have changed places. */
  gap: f32;
  /** ‖(x, 1)‖² from which on float32 may end on the way. */
  safeSquare: f32;
  /** The lowest layer whose gradients count. */
  firstLayer: u32;
  /** Room for what is on the way, [threads, scratchBytes]. */
  scratch: u32;
  scratchBytes: u32;
}

/** A dense layer. Outputs come in tiles of four. */
@unmanaged
export class Layer {
  inputs: u32;
  outputs: u32;
  /** [tiles, inputs, 4]. */
  weights: u32;
  /** [tiles, 4]. */
  bias: u32;
  /** Wᵀ laid out the same way, [tiles of inputs, outputs, 4], where gradients are pulled through it. */
  turned: u32;
  /** Pre-activations are off by this at most, for every unit of ‖(x, 1)‖; below 0 where there is no kink. */
  kink: f32;
}

/** Rows of one call. */
@unmanaged
export class Slot {
  /** Of the first, in the pool. */
  first: u32;
  rows: u32;
  /** [passes, rows, classes], or features, [rows, dims]. */
  input: u32;
  /** Becomes [outputs, rows]. */
  scores: u32;
  /** Become: how many rows are no valid input, and the first of them, counted from here. */
  invalid: u32;
  firstInvalid: u32;
  /** Becomes how many rows float64 has to judge: their scores are infinite. */
  doubtful: u32;
  /** Become, over rows that are valid and not in doubt: the largest ‖(x, 1)‖², and the most votes that may be turned. */
  norm: f32;
  doubts: u32;
}
