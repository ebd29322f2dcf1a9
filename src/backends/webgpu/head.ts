/**
 * A head on the device: logits of a chunk of rows, in blocks of passes where there is dropout, and the gradients of all
 * labels. Nothing here is larger than a chunk.
 */
import { streams } from "../../random.ts";
import { passBlocks } from "./frames.ts";
import type { Batch, Binding, Gpu } from "./gpu.ts";
import { openGradients } from "./gradients.ts";
import { HeadWork, type HeadRun } from "./headWork.ts";
import type { Tuning } from "./tuning.ts";
import type { Chunk } from "./upload.ts";

/** Logits of a chunk as a score frame reads them. */
export interface HeadLogits {
  readonly logits: GPUBuffer;
  readonly rowStates: GPUBuffer;
  /** ‖∇‖² of every label, where gradients are wanted. */
  readonly gradients: GPUBuffer | undefined;
  readonly classStride: number;
  readonly rowStride: number;
  readonly passStride: number;
}

export interface HeadRunner {
  /** Records all that does not depend on the pass. */
  begin(batch: Batch, chunk: Chunk): void;
  /** Records the rest of a block of passes. */
  sample(batch: Batch, chunk: Chunk, first: number, count: number): HeadLogits;
  close(): void;
}

/** Compiles what a pass over a pool needs and takes its scratch memory; close it when the pass is over. */
export async function openHeadRunner(gpu: Gpu, tuning: Tuning, run: HeadRun): Promise<HeadRunner> {
  const work = new HeadWork(gpu, tuning, run);
  try {
    return await openRunner(gpu, work);
  } catch (failure) {
    work.close();
    throw failure;
  }
}

const roundedToFours = (count: number): number => Math.ceil(count / 4) * 4;

async function openRunner(gpu: Gpu, work: HeadWork): Promise<HeadRunner> {
  const { device, options, gradients, error } = work.run;
  const { layers } = device;
  const last = layers.length - 1;
  const sampled = options.passes > 1;
  const block = sampled ? roundedToFours(passBlocks(options.passes)[0].count) : 1;
  const withSlopes = gradients && options.eglLayers === "all";

  const turnRows = await work.step("turn_rows");
  const rowStates = await work.room("row states", 3);
  const logits = await work.room("logits", block * layers[last].outputs);
  /** Input of each layer, as far as it is the same in every pass. */
  const values = [await work.room("features", layers[0].inputs)];
  const slopes: GPUBuffer[] = [];
  /** Inputs of the layers from the third on, of each pass of a block. */
  const sampledValues: GPUBuffer[] = [];
  for (const [l, { outputs }] of layers.slice(0, -1).entries()) {
    if (sampled && l > 0) sampledValues.push(await work.room("sampled activations", block * outputs));
    else values.push(await work.room("activations", outputs));
    if (withSlopes) slopes.push(await work.room("slopes", outputs));
  }
  const forward = await Promise.all(
    layers.map((layer, l) => {
      const read = !sampled || l === 0 ? "plain" : l === 1 ? "first" : "again";
      if (l === last) return work.plain(read, "values", layer);
      return work.hidden(read, withSlopes ? "slopes" : "values", layer);
    }),
  );
  const backward = gradients ? await openGradients(gpu, work, { logits, values, slopes }) : undefined;

  return {
    close: () => work.close(),

    begin(batch, chunk) {
      const features = { features: chunk.buffer, turned: values[0], row_states: rowStates };
      turnRows.dispatch(batch, { params: work.params(chunk), ...features }, work.groups(chunk.rows));
      const alike = sampled ? 1 : layers.length;
      for (let l = 0; l < alike; l++) {
        const bindings: Record<string, Binding> = { inputs: values[l], outputs: l === last ? logits : values[l + 1] };
        if (withSlopes && l < last) Object.assign(bindings, { slopes: slopes[l], row_states: rowStates });
        // Where there is no kink, nothing is closer to it than a negative distance.
        const kink = work.head.activation === "relu" && l < last ? error.sums[l] : -1;
        work.multiply(batch, chunk, forward[l], layers[l], bindings, { kink });
      }
      backward?.record(batch, chunk);
    },

    sample(batch, chunk, first, count) {
      const quads = sampled ? roundedToFours(count) / 4 : 0;
      const lanes = sampled ? chunk.rows * quads : Math.ceil(chunk.rows / 4);
      for (let l = 1; l <= (sampled ? last : 0); l++) {
        const inputs = l === 1 ? values[1] : sampledValues[l - 2];
        const outputs = l === last ? logits : sampledValues[l - 1];
        const masks = { lanes, pass_quads: quads, first_pass: first, stream: streams.dropout + l - 1 };
        work.multiply(batch, chunk, forward[l], layers[l], { inputs, outputs }, masks);
      }
      return {
        logits,
        rowStates,
        gradients: backward?.squares,
        classStride: 4 * lanes,
        rowStride: sampled ? 4 * quads : 1,
        passStride: 1,
      };
    },
  };
}
