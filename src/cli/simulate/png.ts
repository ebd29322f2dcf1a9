/** Grey images as PNG, which every browser shows without asking anyone for anything. */
import { crc32 } from "node:zlib";
import { zlibSync } from "fflate";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const GREY_8_BITS = [8, 0, 0, 0, 0];

/** A data URL of grey levels from 0, white, to 1, black, [height, width]. */
export function pngUrl(levels: Float32Array, width: number, height: number): string {
  const lines = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      lines[y * (width + 1) + 1 + x] = 255 - Math.round(255 * Math.min(1, Math.max(0, levels[y * width + x])));
  const size = new DataView(new ArrayBuffer(8));
  size.setUint32(0, width);
  size.setUint32(4, height);
  const header = Uint8Array.of(...new Uint8Array(size.buffer), ...GREY_8_BITS);
  const parts = [SIGNATURE, chunk("IHDR", header), chunk("IDAT", zlibSync(lines)), chunk("IEND", new Uint8Array())];
  return `data:image/png;base64,${Buffer.concat(parts).toString("base64")}`;
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(name, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}
