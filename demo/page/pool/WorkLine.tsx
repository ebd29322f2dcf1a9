/** The work at hand: how far it is, how fast, how long yet, and a way to end it. */
import { Button } from "../parts/Button.tsx";
import { ErrorLine } from "../parts/ErrorLine.tsx";
import { ProgressBar } from "../parts/ProgressBar.tsx";
import type { Measured } from "./meter.ts";
import type { Session } from "./session.ts";

export function WorkLine({ session }: { readonly session: Session }) {
  const measured = session.meter.measured.value;
  const error = session.error.value;
  return (
    <div class="work" aria-live="polite" data-state={stateOf(session)}>
      {measured && (
        <div class="working">
          <Measure measured={measured} />
          <Button onClick={() => session.cancel()}>Cancel</Button>
        </div>
      )}
      {error !== undefined && <ErrorLine error={error} />}
      {session.cancelled.value && <p class="hint">Cancelled. What was found before is still here.</p>}
    </div>
  );
}

function stateOf({ working, error, cancelled }: Session): "working" | "failed" | "cancelled" | "idle" {
  if (working.value) return "working";
  if (error.value !== undefined) return "failed";
  return cancelled.value ? "cancelled" : "idle";
}

function Measure({ measured: { label, count } }: { readonly measured: Measured }) {
  if (!count) return <p>{label} …</p>;
  const { done, of, rate } = count;
  return (
    <div>
      <ProgressBar label={label} done={done} of={of} />
      <p class="hint numeric rate">
        {rate ? `${Math.round(rate).toLocaleString("en")} a second, ${timeLeft((of - done) / rate)} left` : "\u00a0"}
      </p>
    </div>
  );
}

const timeLeft = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.ceil(seconds / 60)} min`;
