/** What unpacks the pages of a Parquet file, of the codecs that it uses. */
import { InputError } from "../errors.ts";
import { shown } from "./columns.ts";
import { hyparquetCompressors } from "./compressors.ts";
import type { Column, ParquetFile } from "./parquetFile.ts";
import type { Unpack } from "./parquetPages.ts";
import { unpackSnappy } from "./snappy.ts";

/** Bytes that one packed byte may become: of SNAPPY a copy of 64 in 3, of DEFLATE 258 in 2 bits, of LZ4 255 a byte. */
const MOST_TIMES: Readonly<Record<string, number>> = { SNAPPY: 22, GZIP: 1032, LZ4: 256, LZ4_RAW: 256 };
/** ZSTD makes blocks of 128 KiB of 4 bytes. */
const MOST = 2 ** 15;
/** Writers take 1 MiB or so, which BROTLI may pack even smaller. */
const USUAL_PAGE = 2 ** 23;
const NO_CODEC = "UNCOMPRESSED";

/** What unpacks the pages of the columns; of codecs that need a package, it is loaded when one is met. */
export async function loadUnpackers(
  name: string,
  { groups }: ParquetFile,
  columns: readonly Column[],
): Promise<ReadonlyMap<string, Unpack>> {
  const unpackers = new Map<string, Unpack>([
    [NO_CODEC, (packed) => packed],
    ["SNAPPY", bounded(unpackSnappy, "SNAPPY")],
  ]);
  for (const { chunks } of groups) {
    for (const { leaf, name: column } of columns) {
      const { codec } = chunks[leaf];
      if (unpackers.has(codec)) continue;
      const { compressors, decompressZstd } = await hyparquetCompressors(name, codec);
      // Without a place to unpack to, it makes one as large as the packed bytes claim.
      const zstd: Unpack = (packed, size) => decompressZstd(packed, new Uint8Array(size));
      const unpack = codec === "ZSTD" ? zstd : Object.entries(compressors).find(([known]) => known === codec)?.[1];
      if (!unpack)
        throw new InputError(
          `${name}: column ${shown(column)} is packed with ${codec}, which is not supported; use ZSTD or SNAPPY`,
        );
      unpackers.set(codec, bounded(unpack, codec));
    }
  }
  return unpackers;
}

/** Gives no memory to a size that a page claims and its bytes cannot reach. */
function bounded(unpack: Unpack, codec: string): Unpack {
  const times = MOST_TIMES[codec] ?? MOST;
  return (packed, size) => {
    if (size > Math.max(USUAL_PAGE, packed.length * times))
      throw new Error(`a page of ${packed.length} bytes that unpack to ${size}`);
    const unpacked = unpack(packed, size);
    if (unpacked.length !== size) throw new Error(`a page unpacks to ${unpacked.length} bytes instead of ${size}`);
    return unpacked;
  };
}
