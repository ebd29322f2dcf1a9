/** Structs of `simd/`, whose fields are four bytes each. */

/** A struct as numbers by field. */
export type Values<Fields> = { readonly [Field in keyof Fields]: number };

/** Words of a struct, in the order of its fields. */
export function wordsOf<Fields extends Record<string, "u32" | "f32">>(
  fields: Fields,
  values: Values<Fields>,
): Uint32Array {
  const words = new Uint32Array(Object.keys(fields).length);
  const floats = new Float32Array(words.buffer);
  Object.entries(fields).forEach(([field, type], i) => {
    (type === "f32" ? floats : words)[i] = values[field];
  });
  return words;
}

/** Which word of a struct a field is. */
export const placesOf = <Fields extends object>(fields: Fields): Values<Fields> =>
  Object.fromEntries(Object.keys(fields).map((field, i) => [field, i])) as Values<Fields>;

/** Bytes of a struct, rounded up to a vector. */
export const structBytes = (fields: object): number => 16 * Math.ceil(Object.keys(fields).length / 4);
