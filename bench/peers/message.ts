/** Objects with typed arrays in them, between processes: as JSON, and the arrays' bytes one after the other. */

const kinds = { Float32Array, Int32Array, Uint32Array };
type Numbers = InstanceType<(typeof kinds)[keyof typeof kinds]>;

export function packed(message: object): { text: string; arrays: Uint8Array[] } {
  const arrays: Uint8Array[] = [];
  const text = JSON.stringify(message, (_, value) => {
    const kind = ArrayBuffer.isView(value) ? (value.constructor.name as keyof typeof kinds) : undefined;
    if (!kind || !kinds[kind]) return value;
    const { buffer, byteOffset, byteLength } = value as Numbers;
    arrays.push(new Uint8Array(buffer, byteOffset, byteLength));
    return { array: kind, byteLength };
  });
  return { text, arrays };
}

export function unpacked<T>(text: string, { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): T {
  const end = byteOffset + length;
  let at = byteOffset;
  return JSON.parse(text, (_, value) => {
    const kind = kinds[value?.array as keyof typeof kinds];
    if (!kind) return value;
    const next = at + value.byteLength;
    if (next > end) throw new Error("standard input ended early");
    const own = buffer.slice(at, next);
    at = next;
    return new kind(own);
  });
}
