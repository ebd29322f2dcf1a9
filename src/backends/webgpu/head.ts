/**
 * A head on the device: logits of a chunk of rows, in blocks of passes where there is dropout, and the gradients of all
 * labels. Nothing here is larger than a chunk.
 */
import type { Activation, Head, Layer } from "../../head.ts";
import { FEATURE_LIMIT } from "../../matrix.ts";
import { dropoutThreshold, streams } from "../../random.ts";
import type { PassOptions } from "../backend.ts";
import { MOST_PASSES, passBlocks } from "./frames.ts";
import { usage, type Batch, type Binding, type Gpu, type Kernel } from "./gpu.ts";
import type { HeadError } from "./headError.ts";
import {
  distanceProgram,
  headPrograms,
  productProgram,
  type ProductRead,
  type ProductWrite,
  type Tile,
} from "./program.ts";
import type { HeadParams } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";

const WORKGROUP = 64;
/** Sums of so large numbers and their squares still fit float32. */
const LARGEST = 2 ** 60;

const activationNumbers: Record<Activation, number> = { relu: 1, gelu: 2, tanh: 3 };

/** Weights as products read them. */
interface DeviceLayer {
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
  /** The same layers read the other way, for gradients: outputs in, inputs out. Made when first needed. */
  pulls: readonly DeviceLayer[] | undefined;
}

export function uploadHead(gpu: Gpu, head: Head): DeviceHead {
  return { head, layers: head.layers.map((layer) => uploadLayer(gpu, layer)), pulls: undefined };
}

export function closeHead({ layers, pulls = [] }: DeviceHead): void {
  for (const { buffer } of [...layers, ...pulls]) buffer.destroy();
}

/** Past 12 outputs tiles of 8: larger ones need more registers than they save loads. */
const tileFor = (outputs: number): Tile => ([4, 8, 12] as const).find((tile) => outputs <= tile) ?? 8;

/** [inputs rounded up to pairs + 1, outputs rounded up to tiles]: a line an input, zeros past the end, the bias last. */
function uploadLayer(gpu: Gpu, { weight, bias, inputs, outputs }: Layer): DeviceLayer {
  const tile = tileFor(outputs);
  const width = Math.ceil(outputs / tile) * tile;
  const lines = Math.ceil(inputs / 2) * 2;
  const laidOut = new Float32Array((lines + 1) * width);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) laidOut[i * width + o] = weight[o * inputs + i];
    laidOut[lines * width + o] = bias[o];
  }
  return { inputs, outputs, line: width / 4, tile, buffer: gpu.filled("weights", laidOut, usage.storage) };
}

/** A layer read from its outputs to its inputs, without bias. */
function turned({ weight, inputs, outputs }: Layer): Layer {
  const other = new Float32Array(weight.length);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) other[i * outputs + o] = weight[o * inputs + i];
  return { weight: other, bias: new Float32Array(inputs), inputs: outputs, outputs: inputs };
}

/** float32 values a row that a chunk of this head may take, at most. */
export function scratchWidth({ layers }: Head): number {
  const classes = layers[layers.length - 1].outputs;
  const hidden = layers.slice(0, -1).map(({ outputs }) => outputs);
  const widest = Math.max(...hidden, 0);
  const forward = layers[0].inputs + hidden.reduce((sum, units) => sum + units, 0);
  const passes = hidden.length === 0 ? classes : MOST_PASSES * (classes + (hidden.length > 1 ? 2 * widest : 0));
  return 2 * forward + passes + 8 * classes + 9 * widest;
}

/** Products a row that one dispatch may cost, at most. */
export function productsOf({ layers }: Head): number {
  const rest = layers.slice(1).map(({ inputs, outputs }) => MOST_PASSES * inputs * outputs);
  return Math.max(layers[0].inputs * layers[0].outputs, ...rest);
}

/** Logits of a chunk as a score frame reads them. */
export interface HeadLogits {
  readonly logits: GPUBuffer;
  readonly rowStates: GPUBuffer;
  readonly gradients: GPUBuffer;
  readonly classStride: number;
  readonly rowStride: number;
  readonly passStride: number;
}

/** The chunk that is worked on. */
interface ChunkOfRows {
  readonly first: number;
  readonly rows: number;
  readonly buffer: GPUBuffer;
}

/** What one pass over the pool asks of its head. */
interface Run {
  readonly options: PassOptions;
  readonly gradients: boolean;
  readonly error: HeadError;
  readonly chunkRows: number;
}

export type HeadRunner = Awaited<ReturnType<typeof openHeadRunner>>;

/** Compiles what a pass needs and takes its scratch memory; close it when the pass is over. */
export async function openHeadRunner(gpu: Gpu, tuning: Tuning, device: DeviceHead, run: Run) {
  const { head, layers } = device;
  const { options, gradients, error, chunkRows } = run;
  const last = layers.length - 1;
  const lastLayer = layers[last];
  const sampled = options.passes > 1;
  const block = sampled ? Math.max(...passBlocks(options.passes).map(({ count }) => Math.ceil(count / 4) * 4)) : 1;
  const pulled = gradients && options.eglLayers === "all" ? last : 0;
  if (pulled > 0) device.pulls ??= head.layers.slice(1).map((layer) => uploadLayer(gpu, turned(layer)));

  const scratch: GPUBuffer[] = [];
  /** Room for a chunk's rows of so many values each. */
  const room = async (name: string, width: number): Promise<GPUBuffer> => {
    const buffer = await gpu.buffer(name, Math.max(1, width) * Math.ceil(chunkRows / 4) * 16, usage.storage);
    scratch.push(buffer);
    return buffer;
  };
  const close = (): void => scratch.forEach((buffer) => buffer.destroy());

  const kernel = (code: string, entryPoint: string, activation = 0): Promise<Kernel> =>
    gpu.kernel({ code, entryPoint, constants: { WORKGROUP, ACTIVATION: activation } });
  const step = (name: keyof typeof headPrograms): Promise<Kernel> => kernel(headPrograms[name](), name);
  const product = (read: ProductRead, write: ProductWrite, { tile }: DeviceLayer, isLast: boolean): Promise<Kernel> =>
    kernel(productProgram(read, write, tile), "multiply", isLast ? 0 : activationNumbers[head.activation]);

  try {
    const turnRows = await step("turn_rows");
    const features = await room("features", layers[0].inputs);
    const rowStates = await room("row states", 3);
    /** Input of each layer, and slopes of what makes it, without dropout. */
    const values = [features];
    const slopes: GPUBuffer[] = [];
    for (const { outputs } of layers.slice(0, -1)) {
      if (!sampled || values.length === 1) values.push(await room("activations", outputs));
      if (pulled > 0) slopes.push(await room("slopes", outputs));
    }
    const logits = await room("logits", block * lastLayer.outputs);
    /** Inputs of the layers from the third on, of every pass of a block. */
    const sampledValues: GPUBuffer[] = [];
    for (const { outputs } of sampled ? layers.slice(1, -1) : []) {
      sampledValues.push(await room("sampled activations", block * outputs));
    }

    const forward = await Promise.all(
      layers.map((layer, l) =>
        product(
          !sampled || l === 0 ? "plain" : l === 1 ? "first" : "again",
          pulled > 0 && l < last ? "slopes" : "values",
          layer,
          l === last,
        ),
      ),
    );
    const backward = gradients ? await openGradients() : undefined;

    const paramsFor = ({ first, rows }: ChunkOfRows, changes: Partial<HeadParams>): HeadParams => ({
      rows,
      dims: layers[0].inputs,
      lanes: Math.ceil(rows / 4),
      row_lanes: Math.ceil(rows / 4),
      inputs: 0,
      outputs: 0,
      weight_line: 0,
      units: 0,
      pass_quads: 0,
      first_pass: 0,
      first_row: first,
      seed: options.seed,
      stream: 0,
      threshold: dropoutThreshold(options.dropout),
      keep_scale: 1 / (1 - options.dropout),
      kink: 0,
      label: 0,
      limit: new Uint32Array(new Float32Array([FEATURE_LIMIT]).buffer)[0],
      half_floor: -50 * options.temperature,
      double_scale: 2 / options.temperature,
      safe_square: Math.min(LARGEST / error.reach, LARGEST) ** 2,
      ...changes,
    });
    const groupsFor = (lanes: number): number => Math.min(Math.ceil(lanes / WORKGROUP), tuning.maxGroups);
    const multiply = (
      batch: Batch,
      chunk: ChunkOfRows,
      by: Kernel,
      layer: DeviceLayer,
      bindings: Record<string, Binding>,
      changes: Partial<HeadParams> = {},
    ): void => {
      const { inputs, outputs, line, tile, buffer } = layer;
      const params = paramsFor(chunk, { inputs, outputs, weight_line: line, ...changes });
      const tiles = Math.ceil(outputs / tile);
      by.dispatch(batch, { params, weights: buffer, ...bindings }, [groupsFor(params.lanes), tiles]);
    };

    async function openGradients() {
      const squares = await room("gradients", lastLayer.outputs);
      const probabilities = await room("probabilities", lastLayer.outputs);
      const spreadLabels = await step("spread_labels");
      if (pulled === 0) return { squares, probabilities, spreadLabels, below: undefined };
      const width = lastLayer.inputs;
      const pull = device.pulls![last - 1];
      const below = {
        shared: await room("shared pull", width),
        pullShared: await product("plain", "values", pull, true),
        addDistances: await kernel(distanceProgram(lastLayer.tile), "add_distances"),
      };
      if (last === 1) return { squares, probabilities, spreadLabels, below, deeper: undefined };
      const deeper = {
        startDeltas: await step("start_deltas"),
        addNorms: await step("add_norms"),
        deltas: [await room("deltas", 4 * widestHidden(head)), await room("deltas", 4 * widestHidden(head))],
        pullBack: await Promise.all(device.pulls!.slice(0, -1).map((layer) => product("plain", "pulled", layer, true))),
      };
      return { squares, probabilities, spreadLabels, below, deeper };
    }

    /** ‖∇‖² of every label into `squares`, from the forward pass that was just recorded. */
    function addGradients(batch: Batch, chunk: ChunkOfRows): void {
      const { squares, probabilities, spreadLabels, below, deeper } = backward!;
      const { inputs, outputs, line, tile, buffer } = lastLayer;
      const params = paramsFor(chunk, { inputs, outputs, weight_line: line, units: inputs });
      const lanes = groupsFor(params.lanes);
      const beside = { logits, activations: values[last], probabilities, gradients: squares };
      spreadLabels.dispatch(batch, { params, ...beside }, lanes);
      if (!below) return;
      const { shared, pullShared, addDistances } = below;
      multiply(batch, chunk, pullShared, device.pulls![last - 1], { inputs: probabilities, outputs: shared });
      const top = { shared_pull: shared, slopes: slopes[last - 1] };
      addDistances.dispatch(
        batch,
        {
          params: { ...params, units: layers[last - 1].inputs },
          weights: buffer,
          ...top,
          activations: values[last - 1],
          gradients: squares,
        },
        [lanes, Math.ceil(outputs / tile)],
      );
      if (!deeper) return;
      const { startDeltas, addNorms, pullBack } = deeper;
      const rows = groupsFor(chunk.rows);
      for (let label = 0; label < outputs; label += 4) {
        let [deltas, other] = deeper.deltas;
        startDeltas.dispatch(batch, { params: { ...params, label }, weights: buffer, ...top, deltas }, rows);
        for (let l = last - 2; l >= 0; l--) {
          const bindings = { inputs: deltas, outputs: other, slopes: slopes[l] };
          multiply(batch, chunk, pullBack[l], device.pulls![l], bindings, { lanes: chunk.rows });
          [deltas, other] = [other, deltas];
          const sizes = { inputs: layers[l].outputs, units: layers[l].inputs, label };
          addNorms.dispatch(
            batch,
            { params: { ...params, ...sizes }, deltas, activations: values[l], gradients: squares },
            rows,
          );
        }
      }
    }

    return {
      close,

      /** Reads a chunk: all that does not depend on the pass. */
      begin(batch: Batch, chunk: ChunkOfRows): void {
        turnRows.dispatch(
          batch,
          { params: paramsFor(chunk, {}), features: chunk.buffer, turned: features, row_states: rowStates },
          groupsFor(chunk.rows),
        );
        const alike = sampled ? 1 : layers.length;
        for (let l = 0; l < alike; l++) {
          const outputs = l === last ? logits : values[l + 1];
          // Without a kink nothing is closer than a negative distance.
        const kink = head.activation === "relu" && l < last ? error.sums[l] : -1;
          const beside: Record<string, Binding> =
            pulled > 0 && l < last ? { slopes: slopes[l], row_states: rowStates } : {};
          multiply(batch, chunk, forward[l], layers[l], { inputs: values[l], outputs, ...beside }, { kink });
        }
        if (backward) addGradients(batch, chunk);
      },

      /** The logits of a block of passes; the first pass of the block counts from 0. */
      sample(batch: Batch, chunk: ChunkOfRows, first: number, count: number): HeadLogits {
        const quads = sampled ? Math.ceil(count / 4) : 0;
        const lanes = sampled ? chunk.rows * quads : Math.ceil(chunk.rows / 4);
        if (sampled) {
          for (let l = 1; l <= last; l++) {
            const inputs = l === 1 ? values[1] : sampledValues[l - 2];
            const outputs = l === last ? logits : sampledValues[l - 1];
            const masks = { lanes, pass_quads: quads, first_pass: first, stream: streams.dropout + l - 1 };
            multiply(batch, chunk, forward[l], layers[l], { inputs, outputs }, masks);
          }
        }
        return {
          logits,
          rowStates,
          gradients: backward?.squares ?? rowStates,
          classStride: 4 * lanes,
          rowStride: sampled ? 4 * quads : 1,
          passStride: 1,
        };
      },
    };
  } catch (failure) {
    close();
    throw failure;
  }
}

const widestHidden = ({ layers }: Head): number => Math.max(...layers.slice(0, -1).map(({ outputs }) => outputs));
