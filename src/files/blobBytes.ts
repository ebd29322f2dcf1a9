/** Files that a page was given as bytes. */
import { InputError } from "../errors.ts";
import { type Bytes, endsEarly } from "./bytes.ts";

/** A `Blob`, or a `File`, which has a name of its own. Nothing of it is copied. */
export function blobBytes(blob: Blob & { readonly name?: string }, name = blob.name ?? "blob"): Bytes {
  return {
    name,
    size: blob.size,
    async read(into, position) {
      const missing = position + into.length - blob.size;
      if (missing > 0) throw endsEarly(name, blob.size, missing);
      const part = await blob
        .slice(position, position + into.length)
        .arrayBuffer()
        // As browsers say of a file that has changed or gone since it was chosen.
        .catch((error: Error) => {
          throw new InputError(`${name}: could not be read: ${error.message}: choose the file again`);
        });
      into.set(new Uint8Array(part));
    },
    async close() {},
  };
}
