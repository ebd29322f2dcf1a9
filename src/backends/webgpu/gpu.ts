/**
 * A device and what is always done with it: buffers, compiled kernels bound by name, submits, readbacks, and its loss.
 */
import type * as WebGpuUtils from "webgpu-utils";
import { DeviceLostError, InputError } from "../../errors.ts";

/** A buffer, or the values of a uniform struct. */
export type Binding = GPUBuffer | object;

/** Less of it may find room. */
export class NoRoomError extends InputError {
  constructor(label: string, bytes: number) {
    super(`the GPU has no room for ${label} (${bytes} bytes): use fewer rows, or the cpu backend`);
  }
}

/** A compiled compute shader that is called with its bindings by name. */
export interface Kernel {
  /** Records one dispatch. Uniform structs are given as plain objects of their fields. */
  dispatch(batch: Batch, bindings: Record<string, Binding>, groups: Groups): void;
  /** A dispatch that is recorded many times. The buffers that hold its uniform structs are added to `owned`. */
  prepare(owned: GPUBuffer[], bindings: Record<string, Binding>, groups: Groups): (batch: Batch) => void;
}

/** Workgroups of a dispatch. */
type Groups = number | [x: number, y: number];

/** Commands recorded for one submit, and the buffers that live only as long. */
export interface Batch {
  readonly encoder: GPUCommandEncoder;
  readonly temporary: GPUBuffer[];
}

export interface KernelSource {
  readonly code: string;
  readonly entryPoint: string;
  readonly constants: Record<string, number>;
}

let utils: typeof WebGpuUtils | undefined;

/**
 * webgpu-utils reads these globals when it is imported or used, and Node has none of them: numbers as the WebGPU
 * specification fixes them. Loaded on first use, so that the CPU backend never meets it.
 */
async function loadUtils(): Promise<typeof WebGpuUtils> {
  if (utils) return utils;
  const globals = globalThis as Record<string, unknown>;
  globals.Float16Array ??= Uint16Array;
  globals.GPUShaderStage ??= { VERTEX: 1, FRAGMENT: 2, COMPUTE: 4 };
  return (utils = await import("webgpu-utils"));
}

/** Buffer usages and map modes as the WebGPU specification numbers them: Node has no such globals. */
export const usage = {
  mapRead: 0x1,
  mapWrite: 0x2,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
} as const;
const MAP_READ = 1;
/** How long after a failure the news of a lost device may come. */
const LOSS_MS = 250;

/** Compiled once a device, however many engines are opened on it. */
const kernelsOf = new WeakMap<GPUDevice, Map<string, Promise<Kernel>>>();

export class Gpu {
  readonly device: GPUDevice;
  private readonly owned: boolean;
  private readonly kernels: Map<string, Promise<Kernel>>;
  /** Set once the device is lost. */
  private loss: DeviceLostError | undefined;
  /** End the waits that are under way. */
  private readonly waits = new Set<(error: DeviceLostError) => void>();
  private fault: string | undefined;

  /** With `owned`, closing destroys the device; a caller's own device is left as it was. */
  constructor(device: GPUDevice, owned: boolean) {
    this.device = device;
    this.owned = owned;
    this.kernels = kernelsOf.get(device) ?? new Map();
    kernelsOf.set(device, this.kernels);
    void device.lost.then((info) => {
      this.loss = lossFor(info.message || info.reason);
      for (const end of this.waits) end(this.loss);
    });
    device.addEventListener("uncapturederror", this.noteFault);
  }

  private readonly noteFault = (event: GPUUncapturedErrorEvent): void => {
    this.fault ??= event.error.message;
  };

  /** Waits for device work, and fails in its place when the device is lost or has reported an error. */
  async guard<T>(work: Promise<T>): Promise<T> {
    const result = await this.unlessLost(work).catch(async (error: unknown) => {
      if (error instanceof InputError) throw error;
      // Work that fails because the device went away should say so, and a browser tells of the loss a little later.
      await this.unlessLost(new Promise((resolve) => setTimeout(resolve, LOSS_MS)));
      throw error;
    });
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw new Error(`WebGPU: ${fault}`);
    return result;
  }

  /** Not by Promise.race: the promise of a device's loss would keep the results of all races for as long as the device lasts. */
  private unlessLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.loss) reject(this.loss);
      this.waits.add(reject);
      void work.then(resolve, reject).finally(() => this.waits.delete(reject));
    });
  }

  /** A buffer of zeros, or undefined when the device has no room for it. */
  async tryBuffer(label: string, size: number, usages: number): Promise<GPUBuffer | undefined> {
    this.device.pushErrorScope("out-of-memory");
    const buffer = this.device.createBuffer({ label, size: align(size), usage: usages });
    const error = await this.guard(this.device.popErrorScope());
    if (!error) return buffer;
    buffer.destroy();
    return undefined;
  }

  /** A buffer of zeros. */
  async buffer(label: string, size: number, usages: number): Promise<GPUBuffer> {
    const buffer = await this.tryBuffer(label, size, usages);
    if (!buffer) throw new NoRoomError(label, size);
    return buffer;
  }

  /** A small buffer that already holds its values. */
  filled(label: string, data: ArrayBuffer | Uint32Array | Float32Array, usages: number): GPUBuffer {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    this.device.pushErrorScope("out-of-memory");
    try {
      const buffer = this.device.createBuffer({
        label,
        size: align(bytes.length),
        usage: usages,
        mappedAtCreation: true,
      });
      new Uint8Array(buffer.getMappedRange()).set(bytes);
      buffer.unmap();
      return buffer;
    } catch (error) {
      // As the specification has it where there is no memory to map. Otherwise what is made mapped stays so while its device lasts.
      throw error instanceof RangeError
        ? new NoRoomError(label, bytes.length)
        : (this.loss ?? lossFor("its memory is gone"));
    } finally {
      this.device.popErrorScope().catch(() => {});
    }
  }

  /** Compiles a kernel once a device for each source and set of constants. */
  kernel(source: KernelSource): Promise<Kernel> {
    const key = JSON.stringify([source.constants, source.entryPoint, source.code]);
    const known = this.kernels.get(key);
    if (known) return known;
    const kernel = this.compile(source);
    this.kernels.set(key, kernel);
    // A failure belongs to this call alone: the next engine on the device may try again.
    kernel.catch(() => this.kernels.delete(key));
    return kernel;
  }

  private async compile({ code, entryPoint, constants }: KernelSource): Promise<Kernel> {
    const { makeShaderDataDefinitions, makeBindGroupLayoutDescriptors, makeStructuredView } = await loadUtils();
    const { device } = this;
    const definitions = makeShaderDataDefinitions(code);
    // What is wrong is told by the pipeline: left uncaught, it would be laid at the door of the next work as well.
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label: entryPoint, code });
    const [descriptor] = makeBindGroupLayoutDescriptors(definitions, { compute: { entryPoint } });
    const layout = device.createBindGroupLayout(descriptor);
    const compiling = device.createComputePipelineAsync({
      label: entryPoint,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint, constants: declaredIn(code, constants) },
    });
    device.popErrorScope().catch(() => {});
    const pipeline = await this.guard(compiling).catch(async (error: Error) => {
      if (error instanceof DeviceLostError) throw error;
      const { messages } = await module.getCompilationInfo();
      const lines = code.split("\n");
      const faults = messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}: ${lines[m.lineNum - 1]}`);
      const why = inOneLine(faults.join("; ") || error.message);
      throw new Error(`shader ${entryPoint} does not compile: ${why}`, { cause: error });
    });

    const uniform = (name: string, values: object, owned: GPUBuffer[]): GPUBuffer => {
      const view = makeStructuredView(definitions.uniforms[name]);
      view.set(values);
      const buffer = this.filled(name, view.arrayBuffer, usage.uniform);
      owned.push(buffer);
      return buffer;
    };
    const prepare: Kernel["prepare"] = (owned, bindings, groups) => {
      const entries = Object.entries(bindings).map(([name, value]) => {
        const { binding } = definitions.uniforms[name] ?? definitions.storages[name];
        return { binding, resource: { buffer: isBuffer(value) ? value : uniform(name, value, owned) } };
      });
      const bindGroup = device.createBindGroup({ layout, entries });
      const [x, y = 1] = [groups].flat();
      return ({ encoder }) => {
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(x, y);
        pass.end();
      };
    };
    return {
      prepare,
      dispatch: (batch, bindings, groups) => prepare(batch.temporary, bindings, groups)(batch),
    };
  }

  batch(): Batch {
    return { encoder: this.device.createCommandEncoder(), temporary: [] };
  }

  /** Hands the recorded commands to the device. Temporary buffers are released once the commands have run. */
  submit({ encoder, temporary }: Batch): void {
    this.device.queue.submit([encoder.finish()]);
    for (const buffer of temporary) buffer.destroy();
  }

  /** Resolves when all that was submitted has run. */
  async finished(): Promise<void> {
    await this.guard(this.device.queue.onSubmittedWorkDone());
  }

  /** Bytes of buffers, copied in one submit and mapped together; each is given as [buffer, bytes]. */
  async read(...parts: [source: GPUBuffer, bytes: number][]): Promise<ArrayBuffer[]> {
    const total = parts.reduce((sum, [, bytes]) => sum + align(bytes), 0);
    const staging = await this.buffer("readback", total, usage.mapRead | usage.copyTarget);
    const batch = this.batch();
    let offset = 0;
    for (const [source, bytes] of parts) {
      batch.encoder.copyBufferToBuffer(source, 0, staging, offset, align(bytes));
      offset += align(bytes);
    }
    this.submit(batch);
    try {
      return await this.guard(staging.mapAsync(MAP_READ).then(() => copies(staging, parts)));
    } finally {
      staging.destroy();
    }
  }

  close(): void {
    this.device.removeEventListener("uncapturederror", this.noteFault);
    if (this.owned) this.device.destroy();
  }
}

const lossFor = (why: string): DeviceLostError =>
  new DeviceLostError(`the GPU device was lost (${why}): open a new engine and load again`);

const inOneLine = (text: string): string => text.trim().replaceAll(/\s+/g, " ");

/** What each part left in a buffer that is mapped. */
function copies(staging: GPUBuffer, parts: readonly [source: GPUBuffer, bytes: number][]): ArrayBuffer[] {
  const mapped = staging.getMappedRange();
  let offset = 0;
  return parts.map(([, bytes]) => {
    const copy = mapped.slice(offset, offset + bytes);
    offset += align(bytes);
    return copy;
  });
}

/** The bit pattern of a float32: as kernels compare what may be no number. */
export const floatBits = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0];

const align = (bytes: number): number => Math.max(4, Math.ceil(bytes / 4) * 4);

const isBuffer = (value: Binding): value is GPUBuffer => "getMappedRange" in value;

/** Those constants that the shader has as overrides: kernels of one family share most, not all. */
function declaredIn(code: string, constants: Record<string, number>): Record<string, number> {
  const declared = new Set([...code.matchAll(/^override (\w+)/gm)].map(([, name]) => name));
  return Object.fromEntries(Object.entries(constants).filter(([name]) => declared.has(name)));
}
