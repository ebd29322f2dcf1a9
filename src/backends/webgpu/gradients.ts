/**
 * Gradients of all labels at once, in closed form: ‖∇ℓ(x, y)‖² is a sum over the layers of ‖δ‖² (‖h‖² + 1). One kernel
 * makes the probabilities and the last layer's part; a product pulls them back, and one more, of distances, has the part
 * of the layer below, for all labels. Only deeper layers see a gradient of each label, four labels at a time.
 */
import type { Batch, Gpu } from "./gpu.ts";
import type { HeadWork } from "./headWork.ts";
import { uploadLayer } from "./layers.ts";
import { distanceProgram } from "./program.ts";
import type { Chunk } from "./upload.ts";
import { turned } from "./weights.ts";

/** A forward pass of a chunk as it lies on the device, all of it turned. */
export interface ForwardValues {
  readonly logits: GPUBuffer;
  /** Input of each layer. */
  readonly values: readonly GPUBuffer[];
  /** Slopes of the activations behind each hidden layer; none where the last layer is all that counts. */
  readonly slopes: readonly GPUBuffer[];
}

export interface GradientSteps {
  /** [classes, rows], turned: ‖∇‖² of every label. */
  readonly squares: GPUBuffer;
  /** Records what fills `squares` from the forward pass recorded before. */
  record(batch: Batch, chunk: Chunk): void;
}

export async function openGradients(
  gpu: Gpu,
  work: HeadWork,
  { logits, values, slopes }: ForwardValues,
): Promise<GradientSteps> {
  const { device } = work.run;
  const { layers } = device;
  const last = layers.length - 1;
  const { inputs, outputs, line, tile, buffer: weights } = layers[last];
  const squares = await work.room("gradients", outputs);
  const probabilities = await work.room("probabilities", outputs);
  const spreadLabels = await work.step("spread_labels");
  const layerParams = (chunk: Chunk) => work.params(chunk, { inputs, outputs, weight_line: line, units: inputs });
  const addLast = (batch: Batch, chunk: Chunk): void => {
    const params = layerParams(chunk);
    const bindings = { params, logits, activations: values[last], probabilities, gradients: squares };
    spreadLabels.dispatch(batch, bindings, work.groups(params.lanes));
  };
  if (slopes.length === 0) return { squares, record: addLast };

  const pulls = (device.pulls ??= work.head.layers.slice(1).map((layer) => uploadLayer(gpu, turned(layer))));
  const top = pulls[last - 1];
  const shared = await work.room("shared pull", inputs);
  const pullShared = await work.plain("plain", "values", top);
  const addDistances = await work.kernel(distanceProgram(tile), "add_distances");
  const beside = { weights, shared_pull: shared, slopes: slopes[last - 1] };
  const addBelow = (batch: Batch, chunk: Chunk): void => {
    work.multiply(batch, chunk, pullShared, top, { inputs: probabilities, outputs: shared });
    const params = { ...layerParams(chunk), units: layers[last - 1].inputs };
    const bindings = { params, ...beside, activations: values[last - 1], gradients: squares };
    addDistances.dispatch(batch, bindings, [work.groups(params.lanes), Math.ceil(outputs / tile)]);
  };
  const addDeeper = last > 1 ? await openDeeper() : () => {};

  async function openDeeper() {
    const widest = Math.max(...layers.slice(0, -1).map((layer) => layer.outputs));
    const buffers = [await work.room("deltas", 4 * widest), await work.room("deltas", 4 * widest)];
    const startDeltas = await work.step("start_deltas");
    const addNorms = await work.step("add_norms");
    const pullBack = await Promise.all(pulls.slice(0, -1).map((layer) => work.plain("plain", "pulled", layer)));
    return (batch: Batch, chunk: Chunk): void => {
      const groups = work.groups(chunk.rows);
      for (let label = 0; label < outputs; label += 4) {
        let [deltas, next] = buffers;
        const params = { ...layerParams(chunk), label };
        startDeltas.dispatch(batch, { params, ...beside, deltas }, groups);
        for (let l = last - 2; l >= 0; l--) {
          const pulled = { inputs: deltas, outputs: next, slopes: slopes[l] };
          work.multiply(batch, chunk, pullBack[l], pulls[l], pulled, { lanes: chunk.rows });
          [deltas, next] = [next, deltas];
          const sizes = { inputs: layers[l].outputs, units: layers[l].inputs };
          const bindings = { params: { ...params, ...sizes }, deltas, activations: values[l], gradients: squares };
          addNorms.dispatch(batch, bindings, groups);
        }
      }
    };
  }

  return {
    squares,
    record(batch, chunk) {
      addLast(batch, chunk);
      addBelow(batch, chunk);
      addDeeper(batch, chunk);
    },
  };
}
