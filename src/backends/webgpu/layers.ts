/** The weights of a head on the device, and what a chunk of rows costs under it. */
import type { Head, Layer } from "../../head.ts";
import { BLOCK_PASSES } from "./frames.ts";
import { usage, type Gpu } from "./gpu.ts";
import { normsOf, withoutKinks, type LayerNorms } from "../headError.ts";
import type { Tile } from "./program.ts";
import { layOut } from "./weights.ts";

/** Weights as products read them. */
export interface DeviceLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** vec4f a line. */
  readonly line: number;
  readonly tile: Tile;
  readonly buffer: GPUBuffer;
}

export interface DeviceHead {
  readonly head: Head;
  readonly layers: readonly DeviceLayer[];
  readonly norms: readonly LayerNorms[];
  /** The same layers read the other way, for gradients: outputs in, inputs out. Made when first needed. */
  pulls: readonly DeviceLayer[] | undefined;
}

export function uploadHead(gpu: Gpu, head: Head): DeviceHead {
  const last = head.layers.length - 1;
  const layers = head.layers.map((layer, l) =>
    uploadLayer(gpu, head.activation === "relu" && l < last ? withoutKinks(layer) : layer),
  );
  return { head, layers, norms: head.layers.map(normsOf), pulls: undefined };
}

export function closeHead({ layers, pulls = [] }: DeviceHead): void {
  for (const { buffer } of [...layers, ...pulls]) buffer.destroy();
}

/** Past 12 outputs tiles of 8: larger ones need more registers than they save loads. */
const tileFor = (outputs: number): Tile => ([4, 8, 12] as const).find((tile) => outputs <= tile) ?? 8;

export function uploadLayer(gpu: Gpu, layer: Layer): DeviceLayer {
  const { inputs, outputs } = layer;
  const tile = tileFor(outputs);
  const { width, data } = layOut(layer, tile);
  return { inputs, outputs, line: width / 4, tile, buffer: gpu.filled("weights", data, usage.storage) };
}

/** float32 values a row that a chunk of this head may take, at most. */
export function scratchWidth({ layers }: Head): number {
  const classes = layers[layers.length - 1].outputs;
  const hidden = layers.slice(0, -1).map(({ outputs }) => outputs);
  const widest = Math.max(...hidden, 0);
  const forward = layers[0].inputs + hidden.reduce((sum, units) => sum + units, 0);
  const passes = hidden.length === 0 ? classes : BLOCK_PASSES * (classes + (hidden.length > 1 ? 2 * widest : 0));
  return 2 * forward + passes + 8 * classes + 9 * widest;
}

/** Products a row that one dispatch may cost, at most. */
export function productsOf({ layers }: Head): number {
  const rest = layers.slice(1).map(({ inputs, outputs }) => BLOCK_PASSES * inputs * outputs);
  return Math.max(layers[0].inputs * layers[0].outputs, ...rest);
}
