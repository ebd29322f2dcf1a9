/** All work that is timed alone, by what a case calls it. */
import type { BatchCase } from "../cases.ts";
import type { Alone } from "./alone.ts";
import { density } from "./density.ts";
import { expansion } from "./expansion.ts";
import { kmeans } from "./lloyd.ts";
import { training } from "./training.ts";
import { typicality } from "./typicality.ts";

const all: { readonly [rule: string]: Alone } = { kmeans, density, typicality, train: training, expand: expansion };

/** None for batch rules. */
export const aloneOf = ({ rule }: Pick<BatchCase, "rule">): Alone | undefined => all[rule];
