/**
 * How fast a GPU can do one thing at all: the floors under every kernel, measured on the same machine in the same
 * run. The best of some runs counts, for a ceiling is what was reached once.
 */
import { usage, type Gpu } from "../../backends/webgpu/gpu.ts";

const TRIES = 5;
/** A submit of about this long: what it costs to submit is small beside it, and no driver ends it. */
const SUBMIT_MS = 50;

const WORKGROUP = 256;
/** A GPU wants thousands of workgroups, a CPU that plays one wants few. */
const GROUPS = [64, 512, 4096];

const readAll = /* wgsl */ `
@group(0) @binding(0) var<storage, read> values: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(${WORKGROUP})
fn read_all(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  var sum = vec4f();
  for (var i = id.x; i < arrayLength(&values); i += groups.x * ${WORKGROUP}u) { sum += values[i]; }
  sums[id.x] = dot(sum, vec4f(1.0));
}`;

/** Bytes a second that a kernel on this device sums, of as many values as one binding holds. */
export async function gpuReadCeiling(gpu: Gpu, values: Float32Array): Promise<number> {
  const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
  const most = Math.min(values.byteLength, maxStorageBufferBindingSize, maxBufferSize);
  const bytes = most - (most % 16);
  // No lanes with nothing to read.
  const sizes = GROUPS.filter((groups, i) => i === 0 || groups * WORKGROUP * 16 <= bytes);
  return bestRate(gpu, "read_all", readAll, values.subarray(0, bytes / 4), sizes, () => bytes);
}

/** Operations of one lane, eight at a time. */
const LANE_OPERATIONS = { multiply_adds: 2048, exps: 256 } as const;

/** Factor and summand come from a buffer, so that no compiler knows where it all ends; eight results do not wait. */
const arithmetic = (entryPoint: keyof typeof LANE_OPERATIONS, step: (x: string) => string): string => /* wgsl */ `
@group(0) @binding(0) var<storage, read> values: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(${WORKGROUP})
fn ${entryPoint}(@builtin(global_invocation_id) id: vec3u) {
  let x = values[0];
  let y = values[1];
  var a = vec4f(f32(id.x & 255u)) * y;
  var b = a + y;
  for (var i = 0u; i < ${LANE_OPERATIONS[entryPoint] / 8}u; i++) {
    a = ${step("a")};
    b = ${step("b")};
  }
  sums[id.x] = dot(a + b, vec4f(1.0));
}`;

const multiplyAddAll = arithmetic("multiply_adds", (v) => `fma(${v}, x, y)`);
const expAll = arithmetic("exps", (v) => `exp(-${v})`);
const factors = Float32Array.from({ length: 8 }, (_, i) => (i < 4 ? 0.999 : 0.001));

/** Multiply-adds a second of this device, in registers. */
export const gpuMultiplyAddCeiling = (gpu: Gpu): Promise<number> =>
  arithmeticRate(gpu, "multiply_adds", multiplyAddAll);

/** Exponentials a second of this device. */
export const gpuExpCeiling = (gpu: Gpu): Promise<number> => arithmeticRate(gpu, "exps", expAll);

function arithmeticRate(gpu: Gpu, entryPoint: keyof typeof LANE_OPERATIONS, code: string): Promise<number> {
  const operations = (groups: number): number => groups * WORKGROUP * LANE_OPERATIONS[entryPoint];
  // Unlike reading, this is more work with more workgroups: what keeps a device busy for long is enough.
  return bestRate(gpu, entryPoint, code, factors, GROUPS, operations, SUBMIT_MS / 16);
}

/**
 * What a kernel does a second, at the best of some numbers of workgroups; `done` is what one dispatch of each does, and
 * one of `enough` milliseconds is the last.
 */
async function bestRate(
  gpu: Gpu,
  entryPoint: string,
  code: string,
  values: Float32Array,
  sizes: readonly number[],
  done: (groups: number) => number,
  enough = Infinity,
): Promise<number> {
  const input = gpu.filled("values", values, usage.storage);
  const sums = await gpu.buffer("sums", Math.max(...sizes) * WORKGROUP * 4, usage.storage);
  const kernel = await gpu.kernel({ code, entryPoint, constants: {} });
  const submit = async (groups: number, dispatches: number): Promise<number> => {
    const batch = gpu.batch();
    for (let i = 0; i < dispatches; i++) kernel.dispatch(batch, { values: input, sums }, groups);
    const started = performance.now();
    gpu.submit(batch);
    await gpu.finished();
    return performance.now() - started;
  };
  try {
    let best = 0;
    for (const groups of sizes) {
      await submit(groups, 1);
      const time = await dispatchTime((dispatches) => submit(groups, dispatches));
      best = Math.max(best, (done(groups) / time) * 1000);
      if (time > enough) break;
    }
    return best;
  } finally {
    input.destroy();
    sums.destroy();
  }
}

/** Milliseconds of one dispatch, by the slope over many in one submit: what a submit itself costs stays out. */
async function dispatchTime(submit: (dispatches: number) => Promise<number>): Promise<number> {
  const best = async (dispatches: number): Promise<number> => {
    let least = Infinity;
    for (let i = 0; i < TRIES; i++) least = Math.min(least, await submit(dispatches));
    return least;
  };
  const one = await best(1);
  const more = Math.max(2, Math.min(200, Math.ceil(SUBMIT_MS / one)));
  const many = await best(1 + more);
  // Noise larger than the work itself leaves no slope.
  return many > one ? (many - one) / more : many / (1 + more);
}
