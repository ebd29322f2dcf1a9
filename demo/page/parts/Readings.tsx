/** Numbers that a panel has found, each with its name: for people as text, for programs as `data-name` and `data-value`. */

export interface Reading {
  /** In `data-name`: a word of the design, not for display. */
  readonly name: string;
  readonly label: string;
  /** Undefined while it is not known. */
  readonly value: number | undefined;
  readonly format?: (value: number) => string;
}

export function Readings({ readings }: { readonly readings: readonly Reading[] }) {
  return (
    <dl class="readings">
      {readings.map(({ name, label, value, format = String }) => (
        <div key={name}>
          <dt>{label}</dt>
          <dd>
            <output data-name={name} data-value={value}>
              {value === undefined ? "–" : format(value)}
            </output>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
