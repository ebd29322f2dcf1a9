/** Which panel is shown: the part of the address after #, the first panel where that names none. */
import { signal } from "@preact/signals";
import { panelNames, type PanelName } from "../panels.ts";

export const route = signal(named());
addEventListener("hashchange", () => (route.value = named()));

export function go(panel: PanelName): void {
  location.hash = panel;
}

function named(): PanelName {
  return panelNames.find((name) => location.hash === `#${name}`) ?? panelNames[0];
}
