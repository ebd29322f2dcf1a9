/** Buttons, and rows of them. */
import type { ComponentChildren } from "preact";

interface ButtonProps {
  readonly onClick: () => void;
  readonly children: ComponentChildren;
  readonly disabled?: boolean;
  /** The one that most people want: at most one in a row. */
  readonly primary?: boolean;
  /** Of a button that stays down: whether it is. */
  readonly pressed?: boolean;
}

export function Button({ onClick, children, disabled, primary, pressed }: ButtonProps) {
  return (
    <button
      type="button"
      class={primary ? "button primary" : "button"}
      disabled={disabled}
      aria-pressed={pressed}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** Buttons that belong together; `label` says to what. */
export function ButtonRow({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <div class="button-row" role="group" aria-label={label}>
      {children}
    </div>
  );
}
