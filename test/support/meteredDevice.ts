/** A device with as much memory as a test says, and a meter on it. No node: imports here, the browser loads this file too. */
import { overlaid, refusingScopes } from "./overlaidDevice.ts";

export interface MeteredDevice {
  readonly device: GPUDevice;
  /** Bytes of buffers that live. */
  live(): number;
  /** Most bytes of buffers that lived at a time. */
  peak(): number;
  /** How often there was no room. */
  refused(): number;
}

/** Buffers past `most` bytes fail as the specification has it: by an error scope, or where they are mapped, at once. */
export function meteredDevice(real: GPUDevice, most = Infinity): MeteredDevice {
  const scopes = refusingScopes(real);
  let live = 0;
  let peak = 0;
  let refused = 0;
  const create = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    const { size } = descriptor;
    if (live + size > most) {
      refused++;
      if (descriptor.mappedAtCreation) throw new RangeError("no memory to map");
      scopes.refuse();
      return real.createBuffer({ ...descriptor, size: 4 });
    }
    const buffer = real.createBuffer(descriptor);
    live += size;
    peak = Math.max(peak, live);
    let isLive = true;
    buffer.destroy = () => {
      if (isLive) live -= size;
      isLive = false;
      return Object.getPrototypeOf(buffer).destroy.call(buffer);
    };
    return buffer;
  };
  const own = {
    createBuffer: create,
    ...scopes.own,
  };
  return { device: overlaid(real, own), live: () => live, peak: () => peak, refused: () => refused };
}
