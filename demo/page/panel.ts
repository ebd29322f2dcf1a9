import type { Engine } from "poolwise";

/** What a panel is given. */
export interface PanelProps {
  /** The page's one engine. A panel closes the pools that it loads, never the engine. */
  readonly engine: Engine;
}
