/** What unpacks the pages of a Parquet file, of the codecs that it uses. */
import { InputError } from "../errors.ts";
import { shown } from "./columns.ts";
import { hyparquetCompressors } from "./compressors.ts";
import type { Column, ParquetFile } from "./parquetFile.ts";
import type { Unpack } from "./parquetPages.ts";
import { unpackSnappy } from "./snappy.ts";

const NO_CODEC = "UNCOMPRESSED";

/** What unpacks the pages of the columns; of codecs that need a package, it is loaded when one is met. */
export async function loadUnpackers(
  name: string,
  { groups }: ParquetFile,
  columns: readonly Column[],
): Promise<ReadonlyMap<string, Unpack>> {
  const unpackers = new Map<string, Unpack>([
    [NO_CODEC, (packed) => packed],
    ["SNAPPY", unpackSnappy],
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
      unpackers.set(codec, (packed, size) => {
        const unpacked = unpack(packed, size);
        if (unpacked.length !== size) throw new Error(`a page unpacks to ${unpacked.length} bytes instead of ${size}`);
        return unpacked;
      });
    }
  }
  return unpackers;
}
