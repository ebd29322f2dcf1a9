/** Which colour is which class. */
import { classColour } from "./theme.ts";

export function Legend({ names }: { readonly names: readonly string[] }) {
  return (
    <ul class="legend">
      {names.map((name, at) => (
        <li key={name}>
          <span class="swatch" style={{ background: classColour(at) }} />
          {name}
        </li>
      ))}
    </ul>
  );
}
