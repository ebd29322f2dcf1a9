/** Two learners race: one asks by a strategy, one at random. */
import type { PanelProps } from "../panel.ts";

export default function Arena({ engine }: PanelProps) {
  return <p>To be built, on the {engine.backend} backend.</p>;
}
