/** The smallest proof that a device computes: a null device compiles everything and returns zeros. */
import { testDevice } from "./gpu.ts";

const shader = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> values: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&values)) { values[id.x] *= values[id.x]; }
}`;

/** The squares of some numbers, computed on the device under test. */
export async function squares(numbers: readonly number[]): Promise<number[]> {
  const device = await testDevice();
  try {
    const size = numbers.length * 4;
    const values = device.createBuffer({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    const result = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(values, 0, new Uint32Array(numbers));
    const module = device.createShaderModule({ code: shader });
    const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: values } }],
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(Math.ceil(numbers.length / 64));
    pass.end();
    encoder.copyBufferToBuffer(values, 0, result, 0, size);
    device.queue.submit([encoder.finish()]);
    await result.mapAsync(GPUMapMode.READ);
    return [...new Uint32Array(result.getMappedRange())];
  } finally {
    device.destroy();
  }
}
