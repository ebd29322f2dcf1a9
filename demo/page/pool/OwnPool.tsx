/** Predictions and embeddings out of files of one's own. */
import type { PanelProps } from "../panel.ts";

export default function OwnPool({ engine }: PanelProps) {
  return <p>To be built, on the {engine.backend} backend.</p>;
}
