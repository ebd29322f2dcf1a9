/**
 * Tabs as ARIA has them, opened by hand: arrows move between them, Enter or Space opens one. To open each on the way
 * would make the panel that is left forget what it holds.
 */
import { panelNames, panels, type PanelName } from "../panels.ts";
import { go } from "./route.ts";

export function Tabs({ current }: { readonly current: PanelName }) {
  return (
    <nav class="tabs" role="tablist" aria-label="Panels" onKeyDown={moveFocus}>
      {panelNames.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={name === current}
          aria-controls={name === current ? `panel-${name}` : undefined}
          tabIndex={name === current ? 0 : -1}
          onClick={() => go(name)}
        >
          {panels[name].title}
        </button>
      ))}
    </nav>
  );
}

function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const tabs = [...event.currentTarget.querySelectorAll("button")];
  const at = tabs.indexOf(document.activeElement as HTMLButtonElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  tabs.at(to % tabs.length)?.focus();
}
