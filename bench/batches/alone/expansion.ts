/** What a file has packed, made float32 on the device. */
import { Expansion } from "../../../src/backends/webgpu/expand.ts";
import { usage } from "../../../src/backends/webgpu/gpu.ts";
import { tunings } from "../../../src/backends/webgpu/tuning.ts";
import { openGpu } from "../../../src/bench/backends.ts";
import { packedBytes, type PackedRows } from "../../../src/matrix.ts";
import { randomBits, streams } from "../../../src/random.ts";
import type { BatchCase } from "../cases.ts";
import type { Alone } from "./alone.ts";

export const expansion: Alone = {
  async open(_, one) {
    const { gpu, adapterClass } = await openGpu();
    const type = typeOf(one);
    const values = one.rows * one.dims;
    const packed = packedOf(type, values);
    const kernel = await Expansion.open(gpu, tunings[adapterClass], type, packed.byteLength);
    const expanded = await gpu.buffer("expanded", 4 * values, usage.storage | usage.copySource);
    gpu.device.queue.writeBuffer(kernel.packed, 0, packed);
    return {
      async run() {
        const batch = gpu.batch();
        kernel.expand(batch, values, expanded);
        gpu.submit(batch);
        await gpu.finished();
        return { picks: [] };
      },
      async faultLeft() {
        const found = new Float32Array((await gpu.read([expanded, 4 * values]))[0]);
        const wrong = found.findIndex((value, i) => !Object.is(value, unpacked[type](packed[i])));
        return wrong < 0 ? undefined : `value ${wrong} is ${found[wrong]}, not ${unpacked[type](packed[wrong])}`;
      },
      async close() {
        kernel.close();
        expanded.destroy();
        gpu.close();
      },
    };
  },
  judge: () => () => undefined,
  // Written ones count as bytes read: no ceiling is measured for them.
  work: (one) => ({ bytes: one.rows * one.dims * (packedBytes[typeOf(one)] + 4), multiplyAdds: 0, exps: 0 }),
};

const typeOf = ({ storage }: BatchCase): PackedRows["type"] => (storage === "int8" ? "int8" : "float16");

/** Any bits but infinities and NaN. */
function packedOf(type: PackedRows["type"], values: number): Int8Array | Uint16Array {
  if (type === "int8") return Int8Array.from({ length: values }, (_, i) => bitsOf(i));
  return Uint16Array.from({ length: values }, (_, i) => ((bitsOf(i) & 0x7c00) === 0x7c00 ? 0 : bitsOf(i)));
}

const bitsOf = (i: number): number => randomBits(0, streams.scores, i) & 0xffff;

/** By the definitions of two's complement, which an array of them has done already, and of IEEE's binary16. */
const unpacked: Record<PackedRows["type"], (bits: number) => number> = {
  int8: (bits) => bits,
  float16(bits) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
    return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
  },
};
