/** What a loop writes down before it acts on it, and what it makes of what it finds written. */
import { InputError } from "../errors.ts";
import { jsonOf, shown } from "../files/columns.ts";
import type { LoopPick } from "./pick.ts";
import type { Metrics } from "./metrics.ts";

/**
 * Where entries are kept: `openJournal` of `poolwise/files` has them in a file; anything else that keeps them in order,
 * such as an IndexedDB, will do in a browser.
 */
export interface Journal {
  /** What is there, oldest first: what is appended is among them. */
  readonly entries: readonly object[];
  /** Must come back only when the entries would survive a crash. */
  append(...entries: object[]): Promise<void>;
}

/** What has been decided and told, in the order in which it came. */
export type Entry =
  | {
      readonly kind: "start";
      readonly version: 1;
      readonly pool: string;
      readonly settings: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "picks"; readonly round: number; readonly picks: readonly WrittenPick[]; readonly seconds: number }
  | {
      readonly kind: "answer";
      readonly round: number;
      readonly row: number;
      readonly label: number | null;
      readonly seconds: number;
    }
  | {
      readonly kind: "round";
      readonly round: number;
      readonly metrics: Metrics;
      /** Of all sittings up to then. */
      readonly seconds: number;
    };

/** A pick as JSON has it, which knows no NaN and no infinity. */
type WrittenPick = Omit<LoopPick, "score"> & { readonly score: number | string };

export const written = (picks: readonly LoopPick[]): WrittenPick[] =>
  picks.map((pick) => ({ ...pick, score: Number.isFinite(pick.score) ? pick.score : String(pick.score) }));

/** What a journal tells of rounds past. */
export interface Past {
  /** Rounds that are done. */
  rounds: number;
  metrics: Metrics[];
  seconds: number;
  /** In the order of answers. */
  answers: { round: number; row: number; label: number | null }[];
  /** Of a round that was begun and is not done. */
  open: readonly LoopPick[] | undefined;
}

/** A journal in memory: it outlives a loop, not the process. */
export function memoryJournal(): Journal {
  const entries: object[] = [];
  return { entries, append: async (...added) => void entries.push(...added) };
}

/**
 * Begins a journal, or takes up what it holds.
 *
 * @throws InputError where it belongs to another pool or loop, or its entries do not follow from each other
 */
export async function takeUp(
  journal: Journal,
  { print: pool, rows }: { readonly print: string; readonly rows: number },
  settings: Record<string, unknown>,
): Promise<Past> {
  const past: Past = { rounds: 0, metrics: [], seconds: 0, answers: [], open: undefined };
  const [start, ...rest] = journal.entries as readonly Entry[];
  if (start === undefined) {
    await journal.append({ kind: "start", version: 1, pool, settings } satisfies Entry);
    return past;
  }
  if (start?.kind !== "start") throw new InputError("journal: does not begin with a start: it is of another kind");
  if (start.version !== 1) throw new InputError(`journal: is of version ${brief(start.version)}, this reads version 1`);
  if (start.pool !== pool)
    throw new InputError(`journal: is of another pool (${brief(start.pool)}, this one is ${pool}): begin a new one`);
  if (!isObject(start.settings)) throw new InputError("journal: entry 1 lacks its settings: restore it from a copy");
  // As they come back from a file, where what is undefined is left out.
  const asked = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  for (const name of new Set([...Object.keys(start.settings), ...Object.keys(asked)])) {
    const [before, now] = [start.settings[name], asked[name]].map((value) =>
      value === undefined ? "left out" : jsonOf(value),
    );
    if (before !== now)
      throw new InputError(
        `journal: was begun with ${brief(name)} ${brief(before)}, this loop has ${now}: use the same, or begin a new one with its answers (labelled: answersIn(journal))`,
      );
  }
  const answered = new Set<number>();
  rest.forEach((entry, i) => replay(past, answered, rows, entry, i + 2));
  return past;
}

/** What a file holds may be of any length. */
const brief = (value: unknown): string => (typeof value === "string" ? value.slice(0, 200) : shown(value));

/** Whether an entry has what its kind needs: a checksum can be made for anything. */
function isWhole(entry: unknown): entry is Entry {
  if (!isObject(entry)) return false;
  const { kind, round, seconds, picks, row, label, metrics } = entry;
  if (kind === "start") return true;
  if (!Number.isInteger(round) || typeof seconds !== "number") return false;
  if (kind === "picks") return Array.isArray(picks) && picks.every(isPick);
  if (kind === "answer") return isRow(row) && (label === null || typeof label === "number");
  return kind === "round" && isObject(metrics);
}

const isPick = (pick: unknown): boolean =>
  isObject(pick) && isRow(pick.row) && (typeof pick.score === "number" || typeof pick.score === "string");

const isRow = (row: unknown): boolean => Number.isInteger(row) && (row as number) >= 0 && (row as number) < 2 ** 32;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `answered` are the rows of the open round that have an answer, `rows` those of the pool. */
function replay(past: Past, answered: Set<number>, rows: number, entry: Entry, line: number): void {
  const wrong = (what: string): never => {
    throw new InputError(`journal: entry ${line} ${what}: restore it from a copy`);
  };
  if (!isWhole(entry)) wrong("is damaged");
  else if (entry.kind === "start" || entry.round !== past.rounds) wrong("does not follow from those before it");
  else if (entry.kind === "picks") {
    if (past.open) wrong("begins a round in the middle of another");
    if (entry.picks.some(({ row }) => row >= rows)) wrong("asks for a row that the pool does not have");
    past.open = entry.picks.map((pick) => ({ ...pick, score: Number(pick.score) }));
  } else if (entry.kind === "answer") {
    const { row } = entry;
    if (!past.open?.some((pick) => pick.row === row)) wrong(`answers row ${row}, which was not asked for`);
    if (answered.has(row)) wrong(`answers row ${row} again`);
    answered.add(row);
    past.answers.push({ round: entry.round, row, label: entry.label });
  } else {
    past.rounds++;
    past.metrics.push(entry.metrics);
    past.open = undefined;
    answered.clear();
  }
  if ("seconds" in entry) past.seconds = entry.seconds;
}

/**
 * What a journal holds that another loop may begin with, as its `labelled`: the way on where settings have to change. Rows
 * that were refused come with null, and are not asked for again.
 */
export function answersIn({ entries }: Pick<Journal, "entries">): { row: number; label: number | null }[] {
  return (entries as readonly Entry[]).flatMap((entry) =>
    entry.kind === "answer" ? [{ row: entry.row, label: entry.label }] : [],
  );
}
