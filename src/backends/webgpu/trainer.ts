/**
 * Training on the device, in float32. Features and labels go up once, the order of rows once an epoch; every step runs
 * on what is there, and only losses come back. Steps are the same dispatches again and again: what differs between them
 * is copied into one small uniform.
 */
import { pow } from "../../elementary.ts";
import { InputError } from "../../errors.ts";
import type { Layer } from "../../head.ts";
import { dropoutThreshold, streams } from "../../random.ts";
import type { Trainer, TrainerSetup } from "../../trainer.ts";
import { usage, type Batch, type Gpu, type Kernel } from "./gpu.ts";
import { activationNumbers } from "./headWork.ts";
import { productProgram, trainedProductProgram, trainPrograms } from "./program.ts";
import type { HeadParams, TrainParams, TrainPart } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";
import { layerFrom, layOut, turned } from "./weights.ts";

const WORKGROUP = 32;
/** Outputs a thread: of products, and of gradients as shaders/train/gradient.wgsl has it. */
const TILE = 4;
/** Inputs a thread of a gradient, and values of a row a thread of the gathering. */
const GRADIENT_LINES = 4;
const GATHERED = 16;
/** On a GPU the gradient of a batch is summed by that many lanes, in few enough slices: there are threads to spare. */
const SLICE_LANES = 16;
const MOST_SLICES = 16;
/** Parts of batches a submit, where they are so small that recording them is what takes time. */
const MOST_PARTS = 128;

type Command = (batch: Batch) => void;

/** A layer that is learning. Values of a batch are [lines, rows], turned. */
interface Stage {
  readonly inputs: number;
  readonly outputs: number;
  /** Of its weights and of what comes in: inputs rounded up to pairs, and the bias. */
  readonly lines: number;
  /** Of what comes out: outputs rounded up to tiles; f32 a line of its weights. */
  readonly width: number;
  readonly weights: GPUBuffer;
  /** The weights read from outputs to inputs, [.., pullWidth]. None in the first layer: nothing is below it. */
  readonly pulls: GPUBuffer;
  readonly pullWidth: number;
  /** What comes in, with ones for the bias. */
  readonly values: GPUBuffer;
  /** Slopes of a hidden layer or logits; then the derivatives of the loss by the sums. */
  readonly deltas: GPUBuffer;
  /** A layer of weights for each slice of the batch. */
  readonly gradient: GPUBuffer;
  /** Adam's two. */
  readonly moments: GPUBuffer;
}

/** Fields of a part in the order of the struct, four bytes each. */
const partFields = {
  first: "u32",
  rows: "u32",
  share: "f32",
  is_first: "u32",
  pass_: "u32",
  threshold: "u32",
  keep_scale: "f32",
  rate: "f32",
  spread: "f32",
} satisfies Record<keyof TrainPart, "u32" | "f32">;
const PART_BYTES = 4 * Object.keys(partFields).length;

export async function openTrainer(gpu: Gpu, tuning: Tuning, setup: TrainerSetup): Promise<Trainer> {
  const { features, layers, dropout, learningRate, batchSize, seed } = setup;
  const last = layers.length - 1;
  /** Multiplications a row: one for each weight forward, one for its gradient, one for pulling back. */
  const products = layers.reduce((sum, { inputs, outputs }) => sum + 3 * inputs * outputs, 0);
  const partRows = Math.min(Math.ceil(batchSize / 4) * 4, mostRows(tuning, layers, products));
  const lanes = partRows / 4;
  const slices = tuning.adapterClass === "gpu" ? Math.min(Math.ceil(lanes / SLICE_LANES), MOST_SLICES) : 1;
  const partsASubmit = Math.min(Math.max(1, Math.floor(tuning.chunkProducts / (products * partRows))), MOST_PARTS);
  const groupsFor = (threads: number): number => Math.min(Math.ceil(threads / WORKGROUP), tuning.maxGroups);
  const limit = Math.min(gpu.device.limits.maxStorageBufferBindingSize, gpu.device.limits.maxBufferSize);
  const owned: GPUBuffer[] = [];
  let steps = 0;

  const kernel = (code: string, entryPoint: string, activation = 0): Promise<Kernel> =>
    gpu.kernel({ code, entryPoint, constants: { WORKGROUP, ACTIVATION: activation } });

  const paramsOf = ({ inputs, outputs, lines, width, pullWidth }: Stage): TrainParams => ({
    lanes,
    inputs,
    outputs,
    input_lines: lines,
    weight_line: width / 4,
    slices,
    pull_line: pullWidth,
  });
  const productOf = (inputs: number, outputs: number, width: number, l: number) =>
    ({
      lanes,
      inputs,
      outputs,
      weight_line: width / 4,
      seed,
      stream: streams.dropout + l,
    }) satisfies Partial<HeadParams>;

  /** A buffer on the device, of zeros or of what it is given. */
  async function take(name: string, content: number | Float32Array | Uint32Array): Promise<GPUBuffer> {
    const bytes = typeof content === "number" ? content * 4 : content.byteLength;
    if (bytes > limit)
      throw new InputError(`${name}: ${bytes} bytes are more than this GPU can bind: train without it`);
    const usages = usage.storage | usage.copySource | usage.copyTarget;
    const buffer =
      typeof content === "number" ? await gpu.buffer(name, bytes, usages) : gpu.filled(name, content, usages);
    owned.push(buffer);
    return buffer;
  }

  async function openStage(layer: Layer, l: number): Promise<Stage> {
    const { lines, width, data } = layOut(layer, TILE);
    const pull = l > 0 ? layOut(turned(layer), TILE) : { width: 0, data: new Float32Array(4) };
    const values = await take("values", lines * partRows);
    const ones = new Float32Array(partRows).fill(1);
    gpu.device.queue.writeBuffer(values, (lines - 1) * partRows * 4, ones);
    return {
      inputs: layer.inputs,
      outputs: layer.outputs,
      lines,
      width,
      weights: await take("weights", data),
      pulls: await take("weights", pull.data),
      pullWidth: pull.width,
      values,
      deltas: await take("gradients", width * partRows),
      gradient: await take("gradients", slices * data.length),
      moments: await take("moments", 2 * data.length),
    };
  }

  async function open(): Promise<Trainer> {
    const stages: Stage[] = [];
    for (const [l, layer] of layers.entries()) stages.push(await openStage(layer, l));
    const own = { features: await take("features", features.data), labels: await take("labels", setup.labels) };
    const faults = await take("faults", 1);
    const part = gpu.filled("part", new Uint32Array(PART_BYTES / 4), usage.uniform | usage.copyTarget);
    owned.push(part);
    const [gatherRows, spreadLoss, sumGradients, stepWeights, multiplyHidden, multiplyLast, pullBack] =
      await Promise.all([
        kernel(trainPrograms.gather_rows(), "gather_rows"),
        kernel(trainPrograms.spread_loss(), "spread_loss"),
        kernel(trainPrograms.sum_gradients(), "sum_gradients"),
        kernel(trainPrograms.step_weights(), "step_weights"),
        kernel(trainedProductProgram("hidden", TILE), "multiply", activationNumbers[setup.activation]),
        kernel(productProgram("plain", "values", TILE), "multiply"),
        kernel(trainedProductProgram("deltas", TILE), "multiply"),
      ]);

    const forward = stages.map(({ inputs, outputs, width, weights, values, deltas }, l): Command => {
      const params = productOf(inputs, outputs, width, l);
      const groups: [number, number] = [groupsFor(lanes), width / TILE];
      const read = { params, weights, inputs: values };
      if (l === last) return multiplyLast.prepare(owned, { ...read, outputs: deltas }, groups);
      return multiplyHidden.prepare(owned, { ...read, outputs: stages[l + 1].values, slopes: deltas, part }, groups);
    });
    const backward = stages.flatMap((stage, l): Command[] => {
      const { inputs, outputs, width, pullWidth, deltas, values, gradient, pulls } = stage;
      const sums = sumGradients.prepare(owned, { params: paramsOf(stage), deltas, values, gradient, part }, [
        groupsFor(stage.lines / GRADIENT_LINES),
        (slices * width) / TILE,
      ]);
      if (l === 0) return [sums];
      const params = productOf(outputs, inputs, pullWidth, 0);
      const below = { params, weights: pulls, inputs: deltas, deltas: stages[l - 1].deltas };
      return [pullBack.prepare(owned, below, [groupsFor(lanes), pullWidth / TILE]), sums];
    });
    backward.reverse();
    const step = stages.map((stage): Command => {
      const { weights, pulls, gradient, moments, lines, width } = stage;
      const bindings = { params: paramsOf(stage), gradient, weights, pulls, moments, faults, part };
      return stepWeights.prepare(owned, bindings, groupsFor((lines * width) / 4));
    });

    /** Goes once over some rows, by batches, and gives their mean loss. */
    async function run(order: Uint32Array, epoch: number | undefined): Promise<number> {
      const parts = partsOf(order.length, epoch);
      const before = owned.length;
      try {
        const rows = { order: await take("order", order), params: paramsOf(stages[0]), part };
        const losses = await take("losses", order.length);
        const table = await take("parts", parts.table);
        const gather = gatherRows.prepare(owned, { ...rows, features: own.features, values: stages[0].values }, [
          groupsFor(lanes),
          Math.ceil(features.dims / GATHERED),
        ]);
        const toLoss = {
          ...rows,
          params: paramsOf(stages[last]),
          labels: own.labels,
          logits: stages[last].deltas,
          losses,
        };
        const look = [gather, ...forward, spreadLoss.prepare(owned, toLoss, groupsFor(lanes))];
        const learn = epoch === undefined ? look : [...look, ...backward];

        let earlier = Promise.resolve();
        for (let first = 0; first < parts.ends.length; first += partsASubmit) {
          const batch = gpu.batch();
          for (let p = first; p < Math.min(first + partsASubmit, parts.ends.length); p++) {
            batch.encoder.copyBufferToBuffer(table, p * PART_BYTES, part, 0, PART_BYTES);
            for (const record of learn) record(batch);
            if (epoch !== undefined && parts.ends[p]) for (const record of step) record(batch);
          }
          gpu.submit(batch);
          // One submit waits while another runs, and no more than one.
          const done = gpu.finished();
          done.catch(() => {});
          await earlier;
          earlier = done;
          await setup.pace.turn();
        }
        const [found, faulty] = await gpu.read([losses, order.length * 4], [faults, 4]);
        if (new Uint32Array(faulty)[0] > 0) return NaN;
        return new Float32Array(found).reduce((sum, loss) => sum + loss, 0) / order.length;
      } finally {
        for (const buffer of owned.splice(before)) buffer.destroy();
      }
    }

    async function layersNow(): Promise<Layer[]> {
      const found = await gpu.read(...stages.map(({ weights }): [GPUBuffer, number] => [weights, weights.size]));
      return stages.map(({ inputs, outputs, lines, width }, l) =>
        layerFrom({ lines, width, data: new Float32Array(found[l]) }, inputs, outputs),
      );
    }

    return { train: run, loss: (rows) => run(rows, undefined), layers: layersNow, close };
  }

  /** Batches, each cut into parts, and whether a part is the last of its batch. Without an epoch nothing is left out. */
  function partsOf(rows: number, epoch: number | undefined): { table: Uint32Array; ends: boolean[] } {
    const parts: TrainPart[] = [];
    const ends: boolean[] = [];
    for (let start = 0; start < rows; start += batchSize) {
      const end = Math.min(start + batchSize, rows);
      if (epoch !== undefined) steps++;
      for (let first = start; first < end; first += partRows) {
        ends.push(first + partRows >= end);
        parts.push({
          first,
          rows: Math.min(partRows, end - first),
          share: 1 / (end - start),
          is_first: Number(first === start),
          pass_: epoch ?? 0,
          threshold: epoch === undefined ? 0 : dropoutThreshold(dropout),
          keep_scale: epoch === undefined ? 1 : 1 / (1 - dropout),
          rate: learningRate / (1 - pow(0.9, steps)),
          spread: 1 / Math.sqrt(1 - pow(0.999, steps)),
        });
      }
    }
    return { table: tableOf(parts), ends };
  }

  function close(): void {
    for (const buffer of owned.splice(0)) buffer.destroy();
  }

  return open().catch((failure: unknown) => {
    close();
    throw failure;
  });
}

/** A multiple of 4 rows that fits the scratch memory and one submit. */
function mostRows(tuning: Tuning, layers: readonly Layer[], products: number): number {
  const width = layers.reduce((sum, { inputs, outputs }) => sum + inputs + 3 + outputs + TILE, 0);
  const most = Math.min(tuning.scratchBytes / (4 * width), tuning.chunkProducts / products);
  return Math.max(1, Math.floor(most / 4)) * 4;
}

function tableOf(parts: readonly TrainPart[]): Uint32Array {
  const table = new Uint32Array((parts.length * PART_BYTES) / 4);
  const reals = new Float32Array(table.buffer);
  let at = 0;
  for (const part of parts) {
    for (const [field, type] of Object.entries(partFields))
      (type === "f32" ? reals : table)[at++] = part[field as keyof TrainPart];
  }
  return table;
}
