/** The panels, in the order of their tabs. Adding one is a folder and a line here. */
import type { ComponentType } from "preact";
import type { PanelProps } from "./panel.ts";

interface PanelEntry {
  readonly title: string;
  /** What it shows, in one sentence. */
  readonly about: string;
  readonly load: () => Promise<{ readonly default: ComponentType<PanelProps> }>;
}

export const panels = {
  arena: {
    title: "Arena",
    about: "Two learners race on the same pool: one asks by a strategy, one at random.",
    load: () => import("./arena/Arena.tsx"),
  },
  explorer: {
    title: "Batch Explorer",
    about: "The same scores, every batch rule: what each of them would have you label.",
    load: () => import("./explorer/Explorer.tsx"),
  },
  pool: {
    title: "Your own pool",
    about: "Drop predictions and embeddings here. They never leave this machine.",
    load: () => import("./pool/OwnPool.tsx"),
  },
  digits: {
    title: "Digits",
    about: "Label handwritten digits yourself, and see what asking the right ones saves.",
    load: () => import("./digits/Digits.tsx"),
  },
} as const satisfies Record<string, PanelEntry>;

export type PanelName = keyof typeof panels;
export const panelNames = Object.keys(panels) as PanelName[];
