import { theme, toggleTheme } from "../parts/theme.ts";

export function ThemeButton() {
  const other = theme.value === "light" ? "dark" : "light";
  return (
    <button type="button" class="theme" onClick={toggleTheme} aria-label={`Switch to the ${other} theme`}>
      <span aria-hidden="true">{other === "dark" ? "☾" : "☀"}</span>
    </button>
  );
}
