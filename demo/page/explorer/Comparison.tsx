/** The numbers of all rules in one table, in the order of any of them. */
import { useState } from "preact/hooks";
import { measureLooks, measureNames, type Measures } from "./measures.ts";
import { holds, type Found } from "./runs.ts";
import type { Settings } from "./settings.ts";

interface Sorting {
  readonly measure: keyof Measures;
  readonly direction: "ascending" | "descending";
}

interface ComparisonProps {
  readonly settings: Settings;
  /** In the order of the tiles, which is kept until a person asks for another. */
  readonly found: readonly Found[];
}

export function Comparison({ settings, found }: ComparisonProps) {
  const [sorting, setSorting] = useState<Sorting>();
  const turn = (measure: keyof Measures): void =>
    setSorting({
      measure,
      direction: sorting?.measure === measure && sorting.direction === "ascending" ? "descending" : "ascending",
    });
  return (
    <div class="table" role="region" aria-label="All rules in numbers" tabIndex={0}>
      <table>
        <caption>All rules in numbers: press the head of a column to sort by it.</caption>
        <thead>
          <tr>
            <th scope="col">rule</th>
            {measureNames.map((measure) => {
              const direction = sorting?.measure === measure ? sorting.direction : undefined;
              return (
                <th key={measure} scope="col" class="numeric" aria-sort={direction ?? "none"}>
                  <button type="button" class="sort" onClick={() => turn(measure)}>
                    {measureLooks[measure].label}
                    <span aria-hidden="true">
                      {{ ascending: " ▲", descending: " ▼", none: " ↕" }[direction ?? "none"]}
                    </span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {sorted(found, sorting).map((one) => (
            <tr key={one.rule.name} data-state={holds(one, settings) ? "done" : "waiting"}>
              <th scope="row">{one.rule.name}</th>
              {measureNames.map((measure) => (
                <td key={measure} class="numeric" data-name={measure} data-value={one.measures[measure]}>
                  {measureLooks[measure].format(one.measures[measure])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sorted(found: readonly Found[], sorting: Sorting | undefined): readonly Found[] {
  if (!sorting) return found;
  const sign = sorting.direction === "ascending" ? 1 : -1;
  return [...found].sort((a, b) => sign * (a.measures[sorting.measure] - b.measures[sorting.measure]));
}
