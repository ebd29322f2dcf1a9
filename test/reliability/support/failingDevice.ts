/** A device that has no room for one of its buffers, or compiles no shader that a test picks out. */
import { overlaid, refusingScopes } from "../../support/overlaidDevice.ts";

export interface Failing {
  /** Number of the buffer that there is no room for, counted from 0. */
  readonly buffer?: number;
  /** Entry point of the shaders that do not compile. */
  readonly shader?: string;
}

/** `buffers` tells how many were asked for. */
export function failingDevice(real: GPUDevice, { buffer, shader }: Failing): { device: GPUDevice; buffers(): number } {
  const scopes = refusingScopes(real);
  let asked = 0;
  const own = {
    // As the specification has it: an error in a scope, or where the buffer is to be mapped, at once.
    createBuffer(descriptor: GPUBufferDescriptor) {
      if (asked++ !== buffer) return real.createBuffer(descriptor);
      if (descriptor.mappedAtCreation) throw new RangeError("no memory to map");
      scopes.refuse();
      return real.createBuffer({ ...descriptor, size: 4 });
    },
    ...scopes.own,
    createShaderModule: ({ label, code }: GPUShaderModuleDescriptor) =>
      real.createShaderModule({ label, code: label === shader ? `${code}\nfn broken() -> f32 { return 1u; }` : code }),
  };
  return { device: overlaid(real, own), buffers: () => asked };
}
