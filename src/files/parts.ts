/** Several files as one pool. */
import { InputError } from "../errors.ts";
import {
  packedOf,
  passesOf,
  storedOf,
  type DirectRows,
  type RowReader,
  type RowSource,
  type Values,
} from "../matrix.ts";

/** Rows that may be parts of a pool. */
export interface PartSource extends RowSource {
  /** Lets go of what it keeps for the next reads. */
  forget?(): void;
}

/** Parts that keep what they do for the next reads: two works may be in different ones. */
const MOST_KEEPING = 2;

/** The rows of these, one behind the other. All have the same columns. */
export function joinRows(parts: readonly PartSource[]): RowSource {
  const [first] = parts;
  if (parts.length === 1) return first;
  const { cols } = first;
  const passes = passesOf(first);
  for (const part of parts)
    if (part.cols !== cols || passesOf(part) !== passes)
      throw new InputError(
        `${part.name}: ${shapeOf(part)} beside ${first.name} with ${shapeOf(first)}: parts of a pool must have the same columns`,
      );
  let rows = 0;
  const starts = parts.map((part) => (rows += part.rows) - part.rows);
  /** What each part has of some rows: where they begin in it, how many they are, and which of those asked for comes first. */
  const shares = function* (start: number, count: number): Generator<Share> {
    for (let row = start; row < start + count;) {
      const part = starts.findLastIndex((begin) => begin <= row);
      const some = Math.min(start + count, starts[part] + parts[part].rows) - row;
      yield { part, from: row - starts[part], count: some, place: row - start };
      row += some;
    }
  };
  /** Parts that were read of late, the last first. */
  let keeping: number[] = [];
  /** Of each part its share, as float32 or as packed bytes. */
  const readParts = async <T extends Values<T>>(
    readers: readonly RowReader<T>[],
    [start, count]: readonly [start: number, count: number],
    into: T,
    make: (length: number) => T,
  ): Promise<void> => {
    const width = into.length / passes / count;
    for (const { part, from, count: some, place } of shares(start, count)) {
      if (keeping[0] !== part) {
        keeping = [part, ...keeping.filter((other) => other !== part)];
        for (const other of keeping.splice(MOST_KEEPING)) parts[other].forget?.();
      }
      if (passes === 1) await readers[part].read(from, some, into.subarray(place * width, (place + some) * width));
      else {
        const chunk = make(passes * some * width);
        await readers[part].read(from, some, chunk);
        for (let pass = 0; pass < passes; pass++)
          into.set(chunk.subarray(pass * some * width, (pass + 1) * some * width), (pass * count + place) * width);
      }
    }
  };
  const direct = async (signal?: AbortSignal): Promise<DirectRows> => {
    const opened: DirectRows[] = [];
    const close = async (): Promise<void> => void (await Promise.all(opened.map((part) => part.close())));
    try {
      for (const part of parts) opened.push(await directOf(part, signal));
    } catch (error) {
      await close();
      throw error;
    }
    return {
      read(start, count, into) {
        for (const { part, from, count: some, place } of shares(start, count))
          opened[part].read(from, some, into.subarray(place * cols, (place + some) * cols));
      },
      close,
    };
  };
  const packed = packedOf(parts);
  return {
    name: `${first.name} and ${parts.length - 1} more`,
    rows,
    cols,
    passes,
    stored: storedOf(parts),
    packed: packed && {
      type: packed[0].type,
      read: (start, count, into) => readParts(packed, [start, count], into, newBytes),
    },
    read: (start, count, into) => readParts(parts, [start, count], into, newFloats),
    ...(parts.every((part) => part.direct || part.data) && { direct }),
    origin(row) {
      const [{ part, from }] = shares(row, 1);
      return parts[part].origin?.(from) ?? { file: parts[part].name, fileRow: from };
    },
    async close() {
      await Promise.all(parts.map((part) => part.close?.()));
    },
  };
}

/** Some rows of a part. */
interface Share {
  readonly part: number;
  readonly from: number;
  readonly count: number;
  readonly place: number;
}

async function directOf(part: RowSource, signal: AbortSignal | undefined): Promise<DirectRows> {
  // What is in memory is read at once as it is.
  return part.direct?.(signal) ?? { read: part.read as DirectRows["read"], async close() {} };
}

/** Opens each, in that order, as one pool. Where one cannot be opened, those before it are closed. */
export async function openParts<Place>(
  places: Iterable<Place>,
  open: (place: Place) => Promise<PartSource>,
): Promise<RowSource> {
  const parts: PartSource[] = [];
  try {
    for (const place of places) parts.push(await open(place));
    return joinRows(parts);
  } catch (error) {
    await Promise.all(parts.map((part) => part.close?.()));
    throw error;
  }
}

const newFloats = (length: number): Float32Array => new Float32Array(length);
const newBytes = (length: number): Uint8Array => new Uint8Array(length);

const shapeOf = (part: RowSource): string =>
  passesOf(part) > 1 ? `${passesOf(part)} passes of ${part.cols} columns` : `${part.cols} columns`;
