/** Light or dark, as the system prefers until a person says otherwise; and the colours of either, for canvases. */
import { computed, signal } from "@preact/signals";

type Theme = "light" | "dark";

/** Colours that the palette has for classes; class 10 has that of class 0 again. */
export const CLASS_COLOURS = 10;

const classNames = Array.from({ length: CLASS_COLOURS }, (_, at) => `--class-${at}`);
const names = ["--ground", "--ink", "--muted", "--line", "--accent", ...classNames] as const;
// Registered as colours, they compute to what light-dark() chooses, in the form rgb(…).
for (const name of names)
  CSS.registerProperty({ name, syntax: "<color>", inherits: true, initialValue: "transparent" });

/** Where the choice is kept over a reload. */
const KEY = "poolwise.theme";

const systemPrefersDark = matchMedia("(prefers-color-scheme: dark)");
const ofSystem = (): Theme => (systemPrefersDark.matches ? "dark" : "light");
export const theme = signal<Theme>(said() ?? ofSystem());
systemPrefersDark.addEventListener("change", () => setTheme(said() ?? ofSystem()));
setTheme(theme.value);

/** Another than the system's is kept; back at the system's, the page follows it again. */
export function toggleTheme(): void {
  const to = theme.value === "light" ? "dark" : "light";
  if (to === ofSystem()) stored()?.removeItem(KEY);
  else stored()?.setItem(KEY, to);
  setTheme(to);
}

function said(): Theme | undefined {
  const kept = stored()?.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : undefined;
}

/** A browser may forbid pages to keep anything. */
function stored(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** The page first: who hears of the theme may ask at once for its colours. */
function setTheme(to: Theme): void {
  document.documentElement.dataset.theme = to;
  theme.value = to;
}

/** Of the theme at hand, as canvases take them. A component that reads this is rendered anew when the theme changes. */
export const colours = computed(() => {
  void theme.value;
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name);
  return {
    ground: of("--ground"),
    ink: of("--ink"),
    muted: of("--muted"),
    line: of("--line"),
    accent: of("--accent"),
    classes: classNames.map(of),
  };
});

export type Colours = typeof colours.value;

/** The same as a custom property, for what CSS draws. */
export const classColour = (at: number): string => `var(--class-${at % CLASS_COLOURS})`;
