/** What flags of the benches have in common. */
import { InputError } from "../src/errors.ts";

export function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new InputError(`${name} must be a whole number of at least ${least}, got ${text}`);
  return value;
}

/** As the backend chooses where it is not given. */
export const threadsIn = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : wholeNumber("--threads", text, 1);
