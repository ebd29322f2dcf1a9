/** A device that has no room for one of its buffers, or compiles no shader that a test picks out. */

export interface Failing {
  /** Number of the buffer that there is no room for, counted from 0. */
  readonly buffer?: number;
  /** Entry point of the shaders that do not compile. */
  readonly shader?: string;
}

/** `buffers` tells how many were asked for. */
export function failingDevice(real: GPUDevice, { buffer, shader }: Failing): { device: GPUDevice; buffers(): number } {
  const scopes: boolean[] = [];
  let asked = 0;
  const own: Record<string, unknown> = {
    // As the specification has it: an error in a scope, or where the buffer is to be mapped, at once.
    createBuffer(descriptor: GPUBufferDescriptor) {
      if (asked++ !== buffer) return real.createBuffer(descriptor);
      if (descriptor.mappedAtCreation) throw new RangeError("no memory to map");
      scopes[scopes.length - 1] = true;
      return real.createBuffer({ ...descriptor, size: 4 });
    },
    pushErrorScope(filter: GPUErrorFilter) {
      scopes.push(false);
      real.pushErrorScope(filter);
    },
    async popErrorScope() {
      const failed = scopes.pop();
      const error = await real.popErrorScope();
      return failed ? { message: "out of memory" } : error;
    },
    createShaderModule: ({ label, code }: GPUShaderModuleDescriptor) =>
      real.createShaderModule({ label, code: label === shader ? `${code}\nfn broken() -> f32 { return 1u; }` : code }),
  };
  const device = new Proxy(real, {
    get(target, name) {
      if (typeof name === "string" && name in own) return own[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { device, buffers: () => asked };
}
