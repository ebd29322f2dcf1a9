/** A switch for each remedy. One that would change nothing says why. */
import { Switch } from "../parts/Field.tsx";
import { remedyNames, remedyOf } from "./remedies.ts";
import { toggled, type SettingsProps } from "./settings.ts";

export function Remedies({ settings, onChange }: SettingsProps) {
  return (
    <div class="card stack">
      <h2>Remedies</h2>
      {remedyNames.map((name) => {
        const { label, about, idle } = remedyOf(name);
        const why = idle?.(settings.batch);
        return (
          <Switch
            key={name}
            label={label}
            value={settings.remedies.includes(name)}
            disabled={why !== undefined}
            hint={why ?? about}
            onChange={() => onChange(toggled(settings, name))}
          />
        );
      })}
    </div>
  );
}
