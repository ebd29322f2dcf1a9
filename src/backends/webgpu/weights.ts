/** How the weights of a layer lie on the device. */
import type { Layer } from "../../head.ts";
import type { Tile } from "./program.ts";

/** [inputs rounded up to pairs + 1, outputs rounded up to tiles]: a line an input, zeros past the end, the bias last. */
export interface LaidOut {
  readonly lines: number;
  /** Values a line. */
  readonly width: number;
  readonly data: Float32Array;
}

export function layOut({ weight, bias, inputs, outputs }: Layer, tile: Tile): LaidOut {
  const width = Math.ceil(outputs / tile) * tile;
  const lines = Math.ceil(inputs / 2) * 2 + 1;
  const data = new Float32Array(lines * width);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) data[i * width + o] = weight[o * inputs + i];
    data[(lines - 1) * width + o] = bias[o];
  }
  return { lines, width, data };
}

/** The way back. */
export function layerFrom({ lines, width, data }: LaidOut, inputs: number, outputs: number): Layer {
  const weight = new Float32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) weight[o * inputs + i] = data[i * width + o];
  const bias = data.slice((lines - 1) * width, (lines - 1) * width + outputs);
  return { weight, bias, inputs, outputs };
}

/** A layer read from its outputs to its inputs, without bias. */
export function turned({ weight, inputs, outputs }: Layer): Layer {
  const other = new Float32Array(weight.length);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) other[i * outputs + o] = weight[o * inputs + i];
  return { weight: other, bias: new Float32Array(inputs), inputs: outputs, outputs: inputs };
}
