/** Several files as one pool. */
import { InputError } from "../errors.ts";
import { passesOf, type DirectRows, type RowSource } from "../matrix.ts";

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
  return {
    name: `${first.name} and ${parts.length - 1} more`,
    rows,
    cols,
    passes,
    async read(start, count, into) {
      for (let row = start; row < start + count;) {
        const at = starts.findLastIndex((begin) => begin <= row);
        const some = Math.min(start + count, starts[at] + parts[at].rows) - row;
        if (passes === 1) {
          const target = into.subarray((row - start) * cols, (row - start + some) * cols);
          await parts[at].read(row - starts[at], some, target);
        } else {
          const chunk = new Float32Array(passes * some * cols);
          await parts[at].read(row - starts[at], some, chunk);
          for (let pass = 0; pass < passes; pass++)
            into.set(chunk.subarray(pass * some * cols, (pass + 1) * some * cols), (pass * count + row - start) * cols);
        }
        row += some;
      }
    },
    ...(parts.every(({ direct, data }) => direct || data) && { direct: () => directParts(parts, starts) }),
    async close() {
      await Promise.all(parts.map((part) => part.close?.()));
    },
  };
}

async function directParts(parts: readonly RowSource[], starts: readonly number[]): Promise<DirectRows> {
  const { cols } = parts[0];
  const direct = await Promise.all(parts.map(directOf));
  return {
    read(start, count, into) {
      for (let row = start; row < start + count;) {
        const at = starts.findLastIndex((begin) => begin <= row);
        const some = Math.min(start + count, starts[at] + parts[at].rows) - row;
        direct[at].read(row - starts[at], some, into.subarray((row - start) * cols, (row - start + some) * cols));
        row += some;
      }
    },
    async close() {
      await Promise.all(direct.map((part) => part.close()));
    },
  };
}

async function directOf(part: RowSource): Promise<DirectRows> {
  // What is in memory is read at once as it is.
  return part.direct?.() ?? { read: part.read as DirectRows["read"], async close() {} };
}

/** Opens each, in that order, as one pool. Where one cannot be opened, those before it are closed. */
export async function openParts<Place>(
  places: Iterable<Place>,
  open: (place: Place) => Promise<RowSource>,
): Promise<RowSource> {
  const parts: RowSource[] = [];
  try {
    for (const place of places) parts.push(await open(place));
    return joinRows(parts);
  } catch (error) {
    await Promise.all(parts.map((part) => part.close?.()));
    throw error;
  }
}

const shapeOf = (part: RowSource): string =>
  passesOf(part) > 1 ? `${passesOf(part)} passes of ${part.cols} columns` : `${part.cols} columns`;
