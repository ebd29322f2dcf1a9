/** What the steps of a head share during one pass over a pool: compiled kernels, scratch memory, parameters. */
import { square } from "../../elementary.ts";
import type { Activation, Head } from "../../head.ts";
import { FEATURE_LIMIT } from "../../matrix.ts";
import { dropoutThreshold } from "../../random.ts";
import type { PassOptions } from "../backend.ts";
import { floatBits, usage, type Batch, type Binding, type Gpu, type Kernel } from "./gpu.ts";
import type { HeadError } from "../headError.ts";
import type { DeviceHead, DeviceLayer } from "./layers.ts";
import { headPrograms, productProgram, type ProductRead, type ProductWrite } from "./program.ts";
import type { HeadParams } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";
import type { Chunk } from "./upload.ts";

const WORKGROUP = 64;
/** Sums of so large numbers and their squares still fit float32. */
const LARGEST = 2 ** 60;

/** As shaders/head/activation.wgsl numbers them. */
export const activationNumbers: Record<Activation, number> = { relu: 1, gelu: 2, tanh: 3 };

/** What one pass over the pool asks of its head. */
export interface HeadRun {
  readonly device: DeviceHead;
  readonly options: PassOptions;
  /** Whether gradients are wanted; there is no dropout then. */
  readonly gradients: boolean;
  readonly error: HeadError;
  /** Of the largest chunk. */
  readonly rows: number;
}

export class HeadWork {
  readonly run: HeadRun;
  private readonly gpu: Gpu;
  private readonly tuning: Tuning;
  private readonly scratch: GPUBuffer[] = [];

  constructor(gpu: Gpu, tuning: Tuning, run: HeadRun) {
    this.gpu = gpu;
    this.tuning = tuning;
    this.run = run;
  }

  get head(): Head {
    return this.run.device.head;
  }

  /** Room for `width` values of each row of a chunk. */
  async room(name: string, width: number): Promise<GPUBuffer> {
    const buffer = await this.gpu.buffer(name, width * Math.ceil(this.run.rows / 4) * 16, usage.storage);
    this.scratch.push(buffer);
    return buffer;
  }

  close(): void {
    for (const buffer of this.scratch) buffer.destroy();
  }

  kernel(code: string, entryPoint: string, activation = 0): Promise<Kernel> {
    return this.gpu.kernel({ code, entryPoint, constants: { WORKGROUP, ACTIVATION: activation } });
  }

  step(name: keyof typeof headPrograms): Promise<Kernel> {
    return this.kernel(headPrograms[name](), name);
  }

  /** A product whose sums go through the head's activation. */
  hidden(read: ProductRead, write: ProductWrite, { tile }: DeviceLayer): Promise<Kernel> {
    return this.kernel(productProgram(read, write, tile), "multiply", activationNumbers[this.head.activation]);
  }

  /** A product whose sums stay as they are. */
  plain(read: ProductRead, write: ProductWrite, { tile }: DeviceLayer): Promise<Kernel> {
    return this.kernel(productProgram(read, write, tile), "multiply");
  }

  /** One value a row where nothing else is said: no passes, no labels. */
  params({ first, rows }: Chunk, changes: Partial<HeadParams> = {}): HeadParams {
    const { device, options, error } = this.run;
    const lanes = Math.ceil(rows / 4);
    return {
      rows,
      dims: device.layers[0].inputs,
      lanes,
      row_lanes: lanes,
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
      limit: floatBits(FEATURE_LIMIT),
      half_floor: -50 * options.temperature,
      double_scale: 2 / options.temperature,
      safe_square: square(Math.min(LARGEST / error.reach, LARGEST)),
      ...changes,
    };
  }

  groups(lanes: number): number {
    return Math.min(Math.ceil(lanes / WORKGROUP), this.tuning.maxGroups);
  }

  /** Records a product: `bindings` are its inputs and outputs, and what its way of writing needs. */
  multiply(
    batch: Batch,
    chunk: Chunk,
    kernel: Kernel,
    { inputs, outputs, line, tile, buffer }: DeviceLayer,
    bindings: Record<string, Binding>,
    changes: Partial<HeadParams> = {},
  ): void {
    const params = this.params(chunk, { inputs, outputs, weight_line: line, ...changes });
    const groups: [number, number] = [this.groups(params.lanes), Math.ceil(outputs / tile)];
    kernel.dispatch(batch, { params, weights: buffer, ...bindings }, groups);
  }
}
