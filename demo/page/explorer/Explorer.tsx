/** Every batch rule side by side on one pool. */
import type { PanelProps } from "../panel.ts";

export default function Explorer({ engine }: PanelProps) {
  return <p>To be built, on the {engine.backend} backend.</p>;
}
