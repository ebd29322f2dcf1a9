/** The digits panel without a page, for tests that know what the page has to say. */
import { packDigits } from "../../../demo/digits/pack.ts";
import { readDigits, type Digits } from "../../../demo/page/digits/data.ts";
import { Labelling, type Standing } from "../../../demo/page/digits/labelling.ts";
import { usual, type Settings } from "../../../demo/page/digits/settings.ts";
import { openEngine } from "../../../src/index.ts";

export const openDigits = (): Promise<Digits> => readDigits(new Blob([packDigits()]).stream());

/** What an oracle says to each question: a label, or null for a row to be skipped. */
type Say = (row: number, round: number) => number | null;

/** So many rounds in Node, on the cpu backend. */
export async function labelInNode(
  digits: Digits,
  rounds: number,
  { say = (row) => digits.pool.labels[row], ...settings }: Partial<Settings> & { say?: Say } = {},
): Promise<Standing> {
  await using engine = await openEngine({ backend: "cpu" });
  const pool = await engine.load({ features: digits.pool.features });
  const labelling = new Labelling(digits, pool, { ...usual, ...settings });
  let standing = await labelling.begin();
  for (let round = 0; round < rounds; round++)
    standing = await labelling.answer(standing, say(standing.question.row, round));
  return standing;
}

/** Every row that was asked for, the one that is open last. */
export const rowsAsked = ({ rounds, question }: Standing): number[] =>
  [...rounds.map((round) => round.question), question].map(({ row }) => row);
