/** Three million real flights, as compact columns: 11 bytes a flight, and never an object for one. */
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { fileURLToPath } from "node:url";

export interface Flights {
  readonly rows: number;
  /** Departure in minutes since 1970 on the airport's own clock, ascending. */
  readonly minute: Int32Array;
  /** Miles. */
  readonly distance: Uint16Array;
  /** Places in `airports`. */
  readonly origin: Uint16Array;
  readonly destination: Uint16Array;
  /** 1 when it came more than 15 minutes late. */
  readonly late: Uint8Array;
  /** Three letters each, in order of first appearance. */
  readonly airports: readonly string[];
}

/** Minutes of delay up to which a flight is on time. */
const patience = 15;

/**
 * Reads the flights of `vega-datasets`, a row group at a time.
 *
 * All columns are dictionary-encoded, and hyparquet's parsers see each entry of a dictionary, not each row. So they are
 * where a time becomes a minute and a name a number: no Date, no string and no BigInt is made for a row.
 */
export async function readFlights(onProgress: (rows: number, of: number) => void): Promise<Flights> {
  const file = await asyncBufferFromFile(
    fileURLToPath(new URL("../data/flights-3m.parquet", import.meta.resolve("vega-datasets"))),
  );
  const metadata = await parquetMetadataAsync(file);
  // Plain 64-bit integers have no parser. Called timestamps in milliseconds they pass through one.
  for (const element of metadata.schema) {
    if (element.type === "INT64" && !element.logical_type)
      element.logical_type = { type: "TIMESTAMP", unit: "MILLIS", isAdjustedToUTC: false };
  }
  const places = new Map<string, number>();
  const text = new TextDecoder();
  const parsers = {
    timestampFromMicroseconds: (time: bigint) => Number(time / 60_000_000n),
    timestampFromMilliseconds: Number,
    stringFromBytes(bytes: Uint8Array): number {
      const name = text.decode(bytes);
      if (!places.has(name)) places.set(name, places.size);
      return places.get(name)!;
    },
  };

  const rows = Number(metadata.num_rows);
  const late = new Uint8Array(rows);
  const minute = new Int32Array(rows);
  const distance = new Uint16Array(rows);
  const origin = new Uint16Array(rows);
  const destination = new Uint16Array(rows);
  const columns: Record<string, Int32Array | Uint16Array> = { date: minute, distance, origin, destination };
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    await parquetRead({
      file,
      metadata,
      compressors,
      parsers,
      rowStart,
      rowEnd,
      onChunk({ columnName, columnData, rowStart: first }) {
        const values = columnData as ArrayLike<number>;
        if (columnName !== "delay") columns[columnName].set(values, first);
        else for (let i = 0; i < values.length; i++) late[first + i] = values[i] > patience ? 1 : 0;
      },
    });
    rowStart = rowEnd;
    onProgress(rowStart, rows);
  }
  return { rows, minute, distance, origin, destination, late, airports: [...places.keys()] };
}
