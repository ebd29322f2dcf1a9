/** Why a row was picked, or was not, in sentences made of what the rule tells of its picks. */
import type { BatchName } from "poolwise";
import { distance } from "./measures.ts";
import { rowsOf, type Found } from "./runs.ts";
import { heedsAlpha, ranksByStrategy, type Rule } from "./settings.ts";

/** A pick as a rule's sentence sees it. */
interface Told {
  readonly found: Found;
  /** Place in the order of picking, from 0. */
  readonly at: number;
  /** Its score: each rule has a meaning of its own for that. */
  readonly score: string;
}

const reasons: Partial<Record<BatchName, (told: Told) => string>> = {
  "top-k": ({ at, found }) =>
    at === 0
      ? `It has the highest ${found.settings.strategy} of all rows.`
      : `It has the highest ${found.settings.strategy} of the rows left after ${count(at, "pick")}.`,
  "k-center": ({ score }) => `It was the row farthest from every label and earlier pick: ${score} from the nearest.`,
  hybrid: ({ score, found }) =>
    `It had the best sum of ${found.settings.strategy} (weight ${short(found.settings.alpha)}) and distance (weight ${short(1 - found.settings.alpha)}), both scaled to 0 … 1: ${score} in all.`,
  ranked: ({ score, found }) =>
    `It had the best sum of distance and ${found.settings.strategy}, ${score}; distance weighs as much as there are rows without a label.`,
  "cluster-margin": ({ score }) =>
    `It was next in its cluster when that had its turn: the two likeliest classes are close, margin score ${score}.`,
  kmeans: ({ at, score }) =>
    `It is the row nearest the middle of its cluster, ${score} from it; the cluster is number ${at + 1} by size.`,
  typiclust: ({ score }) =>
    `It was the most typical row of the largest cluster with the fewest labels: typicality ${score}, 1 by the mean distance to its neighbours.`,
  badge: ({ at, score }) =>
    at === 0
      ? `Its label would change the model most: its gradient is ${score} long.`
      : `It was drawn by lot, farther gradients the likelier: its own is ${score} from the nearest earlier pick's.`,
  batchbald: ({ found, at, score }) =>
    `Its label adds ${score} nats${errorOf(found, at)} to what the batch tells of the model, ${short(informationOf(found, at))} with all before it.`,
  power: ({ score, found }) =>
    `It was drawn by lot, rows of high ${found.settings.strategy} the likelier: the logarithm of its score and its luck add up to ${score}.`,
};

const otherReason = ({ found: { rule }, score }: Told): string =>
  `It was worth most to ${rule.name}, ${score}: ${rule.formula}.`;

export function whyPicked(found: Found, at: number): string {
  const { row, score } = found.batch.picks[at];
  const reason = (reasons[found.rule.name] ?? otherReason)({ found, at, score: short(score) });
  return `Pick ${at + 1}, row ${row}. ${reason} ${standingOf(found, row, at)}`;
}

/** Of any row: its pick, or what it has instead. */
export function tellOf(found: Found, row: number): string {
  const at = rowsOf(found).indexOf(row);
  if (at >= 0) return whyPicked(found, at);
  if (found.scene.labelled.includes(row)) return `Row ${row} has a label already, so no rule picks it.`;
  return `Row ${row} was not picked. ${standingOf(found, row, found.batch.picks.length)}`;
}

/** What a rule works from, for people. */
export function worksFrom(rule: Rule): string {
  const from: string[] = [];
  if (ranksByStrategy(rule)) from.push("the scores");
  if (rule.strategy) from.push(`scores of its own (${rule.strategy})`);
  else if (rule.needs.includes("predictions")) from.push("the predictions");
  if (rule.needs.includes("embeddings")) from.push("distances");
  return `Goes by ${from.join(" and ")}${heedsAlpha(rule) ? ", weighed by α" : ""}.`;
}

/** Its score among all rows that could be picked, and how near to others it was when the first `picked` had been. */
function standingOf(found: Found, row: number, picked: number): string {
  const { scores, scene, settings } = found;
  const rank = 1 + scores.reduce((above, score) => above + Number(score > scores[row]), 0);
  const before = [...scene.labelled, ...rowsOf(found).slice(0, picked)];
  const nearest = Math.min(...before.map((other) => distance(scene.points, row, other)));
  const among = `rank ${rank.toLocaleString("en")} of ${scene.rows.toLocaleString("en")} rows`;
  const others = picked === 0 ? "label" : "label or pick before it";
  return `Its ${settings.strategy} is ${short(scores[row])}, ${among}; the nearest ${others} is ${short(nearest)} away.`;
}

/** What the picks up to this one tell together, in nats. */
const informationOf = ({ batch }: Found, at: number): number =>
  batch.picks.slice(0, at + 1).reduce((sum, { score }) => sum + score, 0);

function errorOf({ batch }: Found, at: number): string {
  const { standardError } = batch.picks[at];
  return standardError === undefined ? "" : ` (± ${short(standardError)}, by sampling)`;
}

const count = (picks: number, what: string): string => `${picks} ${what}${picks === 1 ? "" : "s"}`;

export const short = (value: number): string => String(Number(value.toPrecision(3)));
