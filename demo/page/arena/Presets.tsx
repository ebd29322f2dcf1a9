/** The four failures: each a world to see it in, and a button that cures it. */
import { Button, ButtonRow } from "../parts/Button.tsx";
import { opening, presetNames, presets, type PresetName } from "./presets.ts";
import { remedies } from "./remedies.ts";
import { isSameWorld, toggled, type SettingsProps } from "./settings.ts";

export function Presets({ settings, onChange }: SettingsProps) {
  const current = presetNames.find((name) => isSameWorld(settings, presets[name].settings));
  return (
    <section class="card stack" aria-label="Presets">
      <h2>Four ways to fail, and what cures them</h2>
      <ButtonRow label="Worlds">
        <Button pressed={isSameWorld(settings, opening)} onClick={() => onChange(opening)}>
          Where asking pays
        </Button>
        {presetNames.map((name) => (
          <Button key={name} pressed={name === current} onClick={() => onChange(presets[name].settings)}>
            {presets[name].title}
          </Button>
        ))}
      </ButtonRow>
      {current ? (
        <Failure name={current} {...{ settings, onChange }} />
      ) : (
        <p>
          Both learners train the same model and may ask for as many labels. Press Play, and see which of them is the
          first to be right. Then try a failure: the strategy learns late there, or never, until its cure is switched
          on.
        </p>
      )}
    </section>
  );
}

function Failure({ name, settings, onChange }: SettingsProps & { readonly name: PresetName }) {
  const { about, remedy } = presets[name];
  const isOn = settings.remedies.includes(remedy);
  return (
    <>
      <p>{about}</p>
      <ButtonRow label="Cure">
        <Button pressed={isOn} onClick={() => onChange(toggled(settings, remedy))}>
          {isOn ? `Cured by ${remedies[remedy].label}` : `Cure it: ${remedies[remedy].label}`}
        </Button>
      </ButtonRow>
    </>
  );
}
