/** Label for real: handwritten digits, one key each. */
import type { PanelProps } from "../panel.ts";

export default function Digits({ engine }: PanelProps) {
  return <p>To be built, on the {engine.backend} backend.</p>;
}
