/** Packed values on their way to the device's float32. */
import type { PackedRows } from "../../matrix.ts";
import { usage, type Batch, type Gpu, type Kernel } from "./gpu.ts";
import { expandProgram } from "./program.ts";
import type { ExpandParams } from "./shaders.gen.ts";
import type { Tuning } from "./tuning.ts";

const WORKGROUP = 64;

export class Expansion {
  /** Takes packed values as they lie. Commands run in their order, so one serves any number of chunks. */
  readonly packed: GPUBuffer;
  private readonly kernel: Kernel;
  private readonly maxGroups: number;

  private constructor(packed: GPUBuffer, kernel: Kernel, maxGroups: number) {
    this.packed = packed;
    this.kernel = kernel;
    this.maxGroups = maxGroups;
  }

  /** For chunks of so many packed bytes at most. */
  static async open(gpu: Gpu, tuning: Tuning, type: PackedRows["type"], bytes: number): Promise<Expansion> {
    const code = expandProgram(type);
    const kernel = await gpu.kernel({ code, entryPoint: "expand_values", constants: { WORKGROUP } });
    const packed = await gpu.buffer("packed values", bytes, usage.storage | usage.copyTarget);
    return new Expansion(packed, kernel, tuning.maxGroups);
  }

  /** Records what makes float32 of the first values in `packed`. */
  expand(batch: Batch, values: number, expanded: GPUBuffer): void {
    const params: ExpandParams = { values };
    const groups = Math.min(Math.ceil(values / WORKGROUP), this.maxGroups);
    this.kernel.dispatch(batch, { params, packed: this.packed, expanded }, groups);
  }

  close(): void {
    this.packed.destroy();
  }
}
