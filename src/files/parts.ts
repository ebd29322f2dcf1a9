/** Several files as one pool. */
import { InputError } from "../errors.ts";
import { packedBytes, packedOf, passesOf, type PackedRows, type RowSource } from "../matrix.ts";

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
  /** Reads each part's share by `read`, which is given its place among the parts; a row of a pass is `width` entries. */
  const readParts = async <T extends Entries<T>>(
    [start, count]: readonly [start: number, count: number],
    into: T,
    width: number,
    make: (length: number) => T,
    read: (at: number, start: number, count: number, into: T) => void | Promise<void>,
  ): Promise<void> => {
    for (let row = start; row < start + count;) {
      const at = starts.findLastIndex((begin) => begin <= row);
      const some = Math.min(start + count, starts[at] + parts[at].rows) - row;
      const place = (row - start) * width;
      if (passes === 1) await read(at, row - starts[at], some, into.subarray(place, place + some * width));
      else {
        const chunk = make(passes * some * width);
        await read(at, row - starts[at], some, chunk);
        for (let pass = 0; pass < passes; pass++)
          into.set(chunk.subarray(pass * some * width, (pass + 1) * some * width), pass * count * width + place);
      }
      row += some;
    }
  };
  const all = packedOf(parts);
  const packed: PackedRows | undefined = all && {
    type: all[0].type,
    read: (start, count, into) =>
      readParts([start, count], into, cols * packedBytes[all[0].type], newBytes, (at, from, some, target) =>
        all[at].read(from, some, target),
      ),
  };
  return {
    name: `${first.name} and ${parts.length - 1} more`,
    rows,
    cols,
    passes,
    packed,
    read: (start, count, into) =>
      readParts([start, count], into, cols, newFloats, (at, from, some, target) => parts[at].read(from, some, target)),
    async close() {
      await Promise.all(parts.map((part) => part.close?.()));
    },
  };
}

/** A typed array, in as much as rows are put into it. */
interface Entries<T> {
  subarray(begin: number, end: number): T;
  set(entries: T, at: number): void;
}

const newFloats = (length: number): Float32Array => new Float32Array(length);
const newBytes = (length: number): Uint8Array => new Uint8Array(length);

const shapeOf = (part: RowSource): string =>
  passesOf(part) > 1 ? `${passesOf(part)} passes of ${part.cols} columns` : `${part.cols} columns`;
