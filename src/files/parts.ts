/** Several files as one pool. */
import { InputError } from "../errors.ts";
import { packedOf, passesOf, type RowReader, type RowSource, type Values } from "../matrix.ts";

/** The rows of these, one behind the other. All have the same columns. */
export function joinRows(parts: readonly RowSource[]): RowSource {
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
  /** Of each part its share, as float32 or as packed bytes. */
  const readParts = async <T extends Values<T>>(
    readers: readonly RowReader<T>[],
    [start, count]: readonly [start: number, count: number],
    into: T,
    make: (length: number) => T,
  ): Promise<void> => {
    const width = into.length / passes / count;
    for (let row = start; row < start + count;) {
      const at = starts.findLastIndex((begin) => begin <= row);
      const some = Math.min(start + count, starts[at] + parts[at].rows) - row;
      const place = (row - start) * width;
      if (passes === 1) await readers[at].read(row - starts[at], some, into.subarray(place, place + some * width));
      else {
        const chunk = make(passes * some * width);
        await readers[at].read(row - starts[at], some, chunk);
        for (let pass = 0; pass < passes; pass++)
          into.set(chunk.subarray(pass * some * width, (pass + 1) * some * width), pass * count * width + place);
      }
      row += some;
    }
  };
  const packed = packedOf(parts);
  return {
    name: `${first.name} and ${parts.length - 1} more`,
    rows,
    cols,
    passes,
    packed: packed && {
      type: packed[0].type,
      read: (start, count, into) => readParts(packed, [start, count], into, newBytes),
    },
    read: (start, count, into) => readParts(parts, [start, count], into, newFloats),
    async close() {
      await Promise.all(parts.map((part) => part.close?.()));
    },
  };
}

const newFloats = (length: number): Float32Array => new Float32Array(length);
const newBytes = (length: number): Uint8Array => new Uint8Array(length);

const shapeOf = (part: RowSource): string =>
  passesOf(part) > 1 ? `${passesOf(part)} passes of ${part.cols} columns` : `${part.cols} columns`;
