/**
 * A system without a locale makes Chromium name a language that is none ("en-US@posix"), on which uPlot fails when it is
 * loaded.
 */
export function mendLanguage(): void {
  try {
    Intl.getCanonicalLocales(navigator.language);
  } catch {
    Object.defineProperty(navigator, "language", { value: "en-US" });
  }
}
