/** An error as one line. What a person can mend says how by itself; anything else is ours, and says that. */
import { DeviceLostError, InputError } from "poolwise";

export function ErrorLine({ error }: { readonly error: unknown }) {
  return (
    <p class="error" role="alert">
      {lineOf(error)}
    </p>
  );
}

function lineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DeviceLostError) return `${message} Reload this page to go on.`;
  return error instanceof InputError ? message : `This page failed: ${message}`;
}
