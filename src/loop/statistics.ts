/** What a few runs tell of many: means with their confidence, and areas under curves. */
import { square } from "../elementary.ts";

export interface Interval {
  readonly mean: number;
  /** 95 % confidence, by Student's t; undefined of a single value. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly count: number;
}

/** Of values that are independent of each other. */
export function intervalOf(values: readonly number[]): Interval {
  const count = values.length;
  const mean = sum(values) / count;
  if (count < 2) return { mean, low: undefined, high: undefined, count };
  const variance = values.reduce((sum, value) => sum + square(value - mean), 0) / (count - 1);
  const half = studentQuantile(count - 1) * Math.sqrt(variance / count);
  return { mean, low: mean - half, high: mean + half, count };
}

/** 1 − Σ values / Σ others, of pairs that are independent of each other; the interval by the delta method. */
export function savingOf(values: readonly number[], others: readonly number[]): Interval {
  const ratio = sum(values) / sum(others);
  const unit = sum(others) / others.length;
  return intervalOf(values.map((value, i) => 1 - ratio - (value - ratio * others[i]) / unit));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The quantile of 97.5 % of Student's t, by halving its distribution function. */
export function studentQuantile(freedom: number): number {
  const share = 0.025 * 2 * tailArea(0, freedom);
  let [low, high] = [0, 700];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (tailArea(middle, freedom) > share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(T > t) but for a factor that all t share, by Simpson's rule. With t = √ν tan θ the density is cos^(ν−1) θ but for a
 * factor, and over u = tan(θ/2), up to 1, cos θ is (1 − u²) / (1 + u²) and dθ is 2 du / (1 + u²): arithmetic alone.
 */
function tailArea(t: number, freedom: number): number {
  const tangent = t / Math.sqrt(freedom);
  const from = tangent / (1 + Math.sqrt(1 + square(tangent)));
  const steps = 400;
  const width = (1 - from) / steps;
  let total = 0;
  for (let i = 0; i <= steps; i++) {
    const squared = square(i === steps ? 1 : from + i * width);
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    total += (weight * wholePower((1 - squared) / (1 + squared), freedom - 1)) / (1 + squared);
  }
  return (total * width) / 3;
}

/** By squaring: a power of a whole number is had in a few products. */
function wholePower(base: number, exponent: number): number {
  let power = 1;
  for (let left = exponent, squared = base; left > 0; left = Math.floor(left / 2), squared *= squared)
    if (left % 2 === 1) power *= squared;
  return power;
}

/** A value at some number of labels. */
export interface Point {
  readonly labels: number;
  readonly value: number;
}

/** Mean height of a curve over its labels, by trapezia. */
export function meanHeight(curve: readonly Point[]): number {
  const [first, last] = [curve[0], curve[curve.length - 1]];
  if (first.labels === last.labels) return first.value;
  let area = 0;
  for (let i = 1; i < curve.length; i++)
    area += ((curve[i].value + curve[i - 1].value) / 2) * (curve[i].labels - curve[i - 1].labels);
  return area / (last.labels - first.labels);
}

/** Labels at which a curve first reaches a value, between its points by a straight line; undefined where it never does. */
export function labelsTo(curve: readonly Point[], target: number): number | undefined {
  const at = curve.findIndex(({ value }) => value >= target);
  if (at < 0) return undefined;
  if (at === 0) return curve[0].labels;
  const [before, after] = [curve[at - 1], curve[at]];
  return before.labels + ((target - before.value) / (after.value - before.value)) * (after.labels - before.labels);
}
