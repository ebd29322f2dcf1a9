/**
 * How fast a backend can read at all: the floor under every kernel, measured on the same machine in the same run, over
 * the same values. The best of some runs counts, for a ceiling is what was reached once.
 */
import { usage, type Gpu } from "../src/backends/webgpu/gpu.ts";

const TRIES = 5;
/** A submit of about this long: what it costs to submit is small beside it, and no driver ends it. */
const SUBMIT_MS = 50;

/** Bytes a second that one thread of plain JavaScript sums. Several sums, for one would wait for itself. */
export function cpuReadCeiling(values: Float32Array): number {
  let best = Infinity;
  let sink = 0;
  for (let i = 0; i < TRIES; i++) {
    const started = performance.now();
    sink += sumOf(values);
    best = Math.min(best, performance.now() - started);
  }
  if (Number.isNaN(sink)) throw new Error("the values to read hold NaN");
  return (values.byteLength / best) * 1000;
}

function sumOf(values: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const last = values.length - (values.length % 4);
  for (let i = 0; i < last; i += 4) {
    a += values[i];
    b += values[i + 1];
    c += values[i + 2];
    d += values[i + 3];
  }
  for (let i = last; i < values.length; i++) a += values[i];
  return a + b + c + d;
}

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
  const input = gpu.filled("values", values.subarray(0, bytes / 4), usage.storage);
  const sums = await gpu.buffer("sums", Math.max(...GROUPS) * WORKGROUP * 4, usage.storage);
  const kernel = await gpu.kernel({ code: readAll, entryPoint: "read_all", constants: {} });
  const submit = async (groups: number, dispatches: number): Promise<number> => {
    const batch = gpu.batch();
    for (let i = 0; i < dispatches; i++) kernel.dispatch(batch, { values: input, sums }, groups);
    const started = performance.now();
    gpu.submit(batch);
    await gpu.finished();
    return performance.now() - started;
  };
  try {
    let best = Infinity;
    for (const groups of GROUPS) {
      if (groups * WORKGROUP * 16 > bytes && groups > GROUPS[0]) continue; // lanes with nothing to read
      await submit(groups, 1);
      best = Math.min(best, await dispatchTime((dispatches) => submit(groups, dispatches)));
    }
    return (bytes / best) * 1000;
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
