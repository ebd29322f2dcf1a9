/**
 * The one generator: an integer hash of where a number is needed, not of how many were drawn before, so that chunks,
 * threads and backends agree on every bit. `shaders/random.wgsl` is the same function.
 *
 * The mixer is the 32-bit finaliser of MurmurHash3 (Appleby): a bijection, so distinct rows of one stream get distinct
 * bits.
 */

import { InputError } from "./errors.ts";

/** What a draw is for. Streams are independent of each other. */
export const streams = {
  /** The `random` strategy. */
  scores: 1,
  /** Which rows to sample: seed sets, held-out shares, sketches. */
  sample: 2,
  /** The first weights of a network. */
  weights: 3,
  /** The order of rows in an epoch of training. */
  shuffle: 4,
  /** Which labelled rows a member of a committee is trained on. */
  resample: 5,
  /** The seeds of a committee's members. */
  members: 6,
  /** Noise that draws a batch by lot. */
  gumbel: 7,
  race: 8,
  /** Labels that a batch may turn out to have. */
  labels: 9,
  /** Which picks of a batch are drawn among all rows left. */
  explore: 10,
  /** Labelled rows that are kept from training, to calibrate by. */
  heldOut: 11,
  /** Seeds of the rounds of a loop, and rows drawn while there is nothing to go by. */
  rounds: 13,
  /** Draws of a stream of rows, and pairs of rows to make up a question between. */
  rows: 14,
  /** Where a word is counted: not drawn, mixed. */
  words: 15,
  /** Which units a dropout pass leaves out; one stream a layer, from here on. */
  dropout: 256,
} as const;

/** A seed comes from users, through several doors. */
export function checkSeed(seed: number): void {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new InputError(`seed must be a whole number from 0 to 4294967295, got ${seed}`);
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32 uniform bits for one (seed, stream, row, unit, pass); each argument is a whole number below 2³². */
export function randomBits(seed: number, stream: number, row: number, unit = 0, pass = 0): number {
  return mix(bitsBeforePass(seed, stream, row, unit) ^ pass);
}

/** The same for many passes: only the last step is taken for each. */
export function bitsByPass(seed: number, stream: number, row: number, unit = 0): (pass: number) => number {
  const before = bitsBeforePass(seed, stream, row, unit);
  return (pass) => mix(before ^ pass);
}

function bitsBeforePass(seed: number, stream: number, row: number, unit: number): number {
  let h = mix(seed + 0x9e3779b9);
  h = mix(h ^ stream);
  h = mix(h ^ row);
  return mix(h ^ unit);
}

/** Uniform in [0, 1): the top 24 bits, so that the number is the same float32 on every backend. */
export function randomUniform(seed: number, stream: number, row: number, unit = 0, pass = 0): number {
  return (randomBits(seed, stream, row, unit, pass) >>> 8) / 0x1000000;
}

/**
 * The mask of MC dropout: whether hidden unit `unit` of layer `layer` takes part in a pass over a row. Two units share
 * the 32 bits of a draw, 16 each, so a rate is met to within 2⁻¹⁷.
 */
export function keepsUnit(seed: number, layer: number, row: number, unit: number, pass: number, rate: number): boolean {
  const bits = randomBits(seed, streams.dropout + layer, row, unit >>> 1, pass);
  return ((unit & 1 ? bits >>> 16 : bits) & 0xffff) >= dropoutThreshold(rate);
}

/** Draws of 16 bits below this leave a unit out. */
export const dropoutThreshold = (rate: number): number => Math.round(rate * 0x10000);
