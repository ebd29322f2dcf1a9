/** A score pass as kernels of `simd/score.ts` are told of it: what is the same for all rows, laid out in their memory. */
import { square } from "../../elementary.ts";
import { FEATURE_LIMIT } from "../../matrix.ts";
import { classesOf, type Activation, type Head, type Layer } from "../../head.ts";
import { dropoutThreshold } from "../../random.ts";
import type { Need, Strategy } from "../../strategy.ts";
import { passesIn, type PassOptions, type PoolInput } from "../backend.ts";
import { headError, normsOf, withoutKinks, type LayerNorms } from "../headError.ts";
import type { Scored } from "../slack.ts";
import type { Crew } from "./crew.ts";
import { jobFields, layerFields, slotFields } from "./simd.gen.ts";
import { placesOf, structBytes, wordsOf } from "./structs.ts";

/** Scores that there are kernels for, by the numbers that `simd/score.ts` knows them by. Others are made by the reference. */
const codes: Readonly<Record<string, number>> = {
  "least-confidence": 0,
  margin: 1,
  entropy: 2,
  "consensus-entropy": 2,
  random: 3,
  bald: 4,
  "kl-divergence": 4,
  "vote-entropy": 5,
  "variation-ratio": 6,
  "mean-std": 7,
  "max-kl": 8,
  egl: 9,
};

const kinds = { logits: 0, probabilities: 1, direct: 2, features: 3 } as const;
const activations: Record<Activation, number> = { relu: 1, gelu: 2, tanh: 3 };

/** What has to be known of the passes. Mean-std alone needs how they spread. */
const wants = { passes: 1, votes: 2, spread: 4, divergence: 8, gradients: 16 } as const;
const wantsOf: Record<Need, number> = {
  passes: wants.passes | wants.spread,
  votes: wants.passes | wants.votes,
  divergence: wants.passes | wants.divergence,
  gradients: wants.gradients,
};

/** Room on the way that a thread may take, at most: past it the reference does without. So many as there may be fit. */
const MOST_SCRATCH = 2 ** 23;
/** ‖(x, 1)‖ beyond this may leave float32 on the way through a head. */
const LARGEST = 2 ** 60;

/** A head whose error has been analysed. */
export interface KnownHead {
  readonly head: Head;
  readonly norms: readonly LayerNorms[];
}

export const knownHead = (head: Head): KnownHead => ({ head, norms: head.layers.map(normsOf) });

/** Whether a kernel makes the scores of a strategy over this pool. */
export function hasKernel(strategy: Strategy, input: PoolInput, options: PassOptions): boolean {
  const { kind, source, head } = input;
  if (!(strategy.name in codes) || kind === "embeddings" || kind === "scores" || (kind === "features" && !head))
    return false;
  const classes = head ? classesOf(head) : source.cols;
  const passes = passesIn(input, options);
  // Of each class what all passes add up to, and every pass.
  const lines = (passes > 1 ? 4 : 0) + (strategy.needs === "divergence" ? passes : 0);
  const bytes = head ? 64 * (2 + lines) : 16 * (2 + lines);
  return bytes * classes <= MOST_SCRATCH;
}

/**
 * The longest chain of additions in a kernel: a stretch of 32 classes in one chain, then one addition a stretch; and one a
 * pass.
 */
export const additionsIn = (classes: number, passes: number): number =>
  Math.min(classes, 32) + Math.ceil(classes / 32) + passes + 2;

/** What `slackOf` has to know of a job. */
export function scoredBy(input: PoolInput, head: KnownHead | undefined, options: PassOptions): Scored {
  const classes = head ? classesOf(head.head) : input.source.cols;
  return { input, classes, head, additions: additionsIn(classes, passesIn(input, options)) };
}

/** Results of a slot beside its scores. */
export interface SlotReport {
  readonly invalid: number;
  /** Counted from the first row of the slot. */
  readonly firstInvalid: number;
  /** Rows whose scores are infinite, because float64 has to make them. */
  readonly doubtful: number;
  readonly norm: number;
  readonly doubts: number;
}

const slotPlaces = placesOf(slotFields);

/** A pass for strategies of which all need gradients, or none does; without any a head gives its logits, [rows, classes]. */
export class ScoreJob {
  /** Where the job begins. */
  readonly at: number;
  private readonly crew: Crew;
  private readonly blocks: { at: number; bytes: number }[] = [];

  constructor(
    crew: Crew,
    input: PoolInput,
    head: KnownHead | undefined,
    strategies: readonly Strategy[],
    options: PassOptions,
  ) {
    this.crew = crew;
    const { kind, source } = input;
    const classes = head ? classesOf(head.head) : source.cols;
    const { temperature, dropout } = options;
    const error = head && headError(head.norms, head.head.activation, dropout);
    const gradients = strategies.some(({ needs }) => needs === "gradients");
    const passes = gradients ? 1 : passesIn(input, options);
    const lastLayer = (head?.head.layers.length ?? 1) - 1;
    let wanted = 0;
    for (const { name, needs } of strategies)
      if (needs) wanted |= needs === "passes" && name !== "mean-std" ? wants.passes : wantsOf[needs];
    if (passes > 1) wanted |= wants.passes;
    const values = {
      kind: kinds[kind === "probabilities" && temperature === 1 ? "direct" : (kind as keyof typeof kinds)],
      classes,
      passes,
      dims: source.cols,
      inverse: Math.LOG2E / temperature,
      seed: options.seed,
      limit: bitsOf(kind === "features" ? FEATURE_LIMIT : Infinity),
      outputs: strategies.length,
      codes: this.place(Uint32Array.from(strategies, ({ name }) => codes[name])),
      wants: wanted,
      layers: head ? this.placeLayers(head.head, error!.sums, gradients) : 0,
      layerCount: lastLayer + 1,
      activation: head ? activations[head.head.activation] : 0,
      threshold: dropoutThreshold(dropout),
      keepScale: 1 / (1 - dropout),
      // Never so small that a product with it is none.
      gap: error ? Math.max(2 * error.logits, 2 ** -100) : 0,
      safeSquare: error ? square(Math.min(LARGEST / error.reach, LARGEST)) : 0,
      firstLayer: options.eglLayers === "last" ? lastLayer : 0,
      scratch: 0,
      scratchBytes: 0,
    };
    this.at = this.place(wordsOf(jobFields, values));
    const scratchBytes = Math.ceil(crew.exports.scratchBytes(this.at) / 64) * 64;
    const scratch = this.room(Math.max(64, scratchBytes * crew.threads));
    crew.write(wordsOf(jobFields, { ...values, scratch, scratchBytes }), this.at);
  }

  /** Room that is given back with the job. */
  room(bytes: number): number {
    const at = this.crew.allocate(bytes);
    this.blocks.push({ at, bytes });
    return at;
  }

  /** Says which rows a slot is, where their values are, and where its scores go. */
  fill(slot: number, first: number, rows: number, input: number, scores: number): void {
    this.crew.write(
      wordsOf(slotFields, { first, rows, input, scores, invalid: 0, firstInvalid: 0, doubtful: 0, norm: 0, doubts: 0 }),
      slot,
    );
  }

  report(slot: number): SlotReport {
    const { words, floats } = this.crew;
    const at = slot / 4;
    return {
      invalid: words[at + slotPlaces.invalid],
      firstInvalid: words[at + slotPlaces.firstInvalid],
      doubtful: words[at + slotPlaces.doubtful],
      norm: floats[at + slotPlaces.norm],
      doubts: words[at + slotPlaces.doubts],
    };
  }

  close(): void {
    for (const { at, bytes } of this.blocks.splice(0)) this.crew.free(at, bytes);
  }

  private placeLayers({ layers, activation }: Head, errors: readonly number[], gradients: boolean): number {
    const words = layers.map((layer, l) => {
      const isHidden = l + 1 < layers.length;
      const kinked = activation === "relu" && isHidden;
      return wordsOf(layerFields, {
        inputs: layer.inputs,
        outputs: layer.outputs,
        weights: this.place(inFours(layer.weight, layer.outputs, layer.inputs)),
        bias: this.place(paddedBias(kinked ? withoutKinks(layer) : layer)),
        turned: gradients && l > 0 ? this.place(inFours(turned(layer), layer.inputs, layer.outputs)) : 0,
        kink: kinked ? errors[l] : -1,
      });
    });
    const all = new Uint32Array(words.reduce((sum, { length }) => sum + length, 0));
    words.forEach((one, l) => all.set(one, l * one.length));
    return this.place(all);
  }

  private place(values: Uint32Array | Float32Array): number {
    const at = this.room(Math.max(64, values.byteLength));
    this.crew.write(values, at);
    return at;
  }
}

/** Bytes of a slot, rounded up so that no two share a line of the cache. */
export const SLOT_BYTES = Math.ceil(structBytes(slotFields) / 64) * 64;

const bitsOf = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0];

/** [outputs, inputs] as [tiles of four outputs, inputs, 4], zeros past the last. */
function inFours(weight: Float32Array, outputs: number, inputs: number): Float32Array {
  const laid = new Float32Array(Math.ceil(outputs / 4) * 4 * inputs);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++) laid[((o >> 2) * inputs + i) * 4 + (o & 3)] = weight[o * inputs + i];
  return laid;
}

function turned({ weight, inputs, outputs }: Layer): Float32Array {
  const other = new Float32Array(weight.length);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) other[i * outputs + o] = weight[o * inputs + i];
  return other;
}

/** By fours, as products are. */
function paddedBias({ bias, outputs }: Pick<Layer, "bias" | "outputs">): Float32Array {
  const padded = new Float32Array(Math.ceil(outputs / 4) * 4);
  padded.set(bias);
  return padded;
}
