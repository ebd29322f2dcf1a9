/** Step, play, pause, reset, and how fast. */
import type { Signal } from "@preact/signals";
import { Button, ButtonRow } from "../parts/Button.tsx";
import { Slider } from "../parts/Field.tsx";
import type { Match } from "./match.ts";

interface TransportProps {
  readonly match: Match;
  /** Rounds a second. */
  readonly speed: Signal<number>;
  readonly onReset: () => void;
}

export function Transport({ match, speed, onReset }: TransportProps) {
  const { state } = match;
  const isPlaying = state === "playing";
  return (
    <div class="transport">
      <ButtonRow label="Race">
        <Button
          primary
          disabled={!isPlaying && state !== "paused"}
          onClick={() => (isPlaying ? match.pause() : match.play(speed))}
        >
          {isPlaying ? "Pause" : "Play"}
        </Button>
        <Button disabled={state !== "paused"} onClick={() => void match.step()}>
          Step
        </Button>
        <Button onClick={onReset}>Reset</Button>
      </ButtonRow>
      <Slider
        label="Speed"
        value={speed.value}
        min={1}
        max={30}
        format={(rounds) => `up to ${rounds} rounds a second`}
        onChange={(rounds) => (speed.value = rounds)}
      />
    </div>
  );
}
