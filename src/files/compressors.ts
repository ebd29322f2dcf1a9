/** The package that unpacks what few files are packed with, loaded when such a file is met. */
import { InputError } from "../errors.ts";

export async function hyparquetCompressors(
  name: string,
  codec: string,
): Promise<typeof import("hyparquet-compressors")> {
  return import("hyparquet-compressors").catch(() => {
    throw new InputError(
      `${name}: it is packed with ${codec}, for which the package hyparquet-compressors is needed: npm install hyparquet-compressors`,
    );
  });
}
