/** Bytes by position, wherever they lie, so that one decoder serves all and none holds a whole file. */
import { InputError } from "../errors.ts";

export interface Bytes {
  /** What errors call it. */
  readonly name: string;
  readonly size: number;
  /** Fills all of `into` from `position` on. */
  read(into: Uint8Array, position: number): Promise<void>;
  /** The same at once, where bytes do not have to be waited for. */
  readNow?(into: Uint8Array, position: number): void;
  close(): Promise<void>;
}

export const endsEarly = (name: string, at: number, missing: number): InputError =>
  new InputError(`${name}: ends at byte ${at}, ${missing} bytes too early: copy or write it again`);

/** What is read once it was closed. */
export const closed = (name: string): InputError => new InputError(`${name}: is closed: open it again`);

/** Bytes that are already in memory. */
export function memoryBytes(name: string, bytes: Uint8Array): Bytes {
  return {
    name,
    size: bytes.length,
    async read(into, position) {
      const missing = position + into.length - bytes.length;
      if (missing > 0) throw endsEarly(name, bytes.length, missing);
      into.set(bytes.subarray(position, position + into.length));
    },
    async close() {},
  };
}
