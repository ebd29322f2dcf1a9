/** A file's format is told by its extension alone. */
import { extname } from "node:path";
import { InputError } from "../errors.ts";

/** The extension of a path, in lower case, if it is one of the known. */
export function extensionOf<Known extends string>(path: string, known: readonly Known[]): Known {
  const extension = extname(path).toLowerCase() as Known;
  if (known.includes(extension)) return extension;
  const what = extension ? `unknown extension ${extension}` : "no extension";
  throw new InputError(`${path}: ${what}; known here: ${known.join(", ")}`);
}
