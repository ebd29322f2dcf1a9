/** What a batch rule is: it turns scores into k picks. */

/** What a rule may ask of the pool. */
export interface BatchContext {
  readonly k: number;
  /** The n highest scores among the rows that may be picked, exact, best first. */
  best(n: number): Promise<readonly ScoredRow[]>;
}

export interface ScoredRow {
  readonly row: number;
  readonly score: number;
}

export interface BatchRule<Name extends string = string> {
  readonly name: Name;
  /** One line, for help texts and tables. */
  readonly about: string;
  readonly source: string;
  select(context: BatchContext): Promise<readonly ScoredRow[]>;
}
