/**
 * What the caller can mend: a wrong shape, a missing file, a value that is not a number. The message is one line
 * that says what, where, and what to do. The command line prints it and exits with 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";

  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined ? undefined : visible(message), options);
  }
}

/**
 * Text with what ends lines or steers terminals shown, not done: names of files and of columns may hold any character. Those
 * that turn the direction of writing are among them, since they make a line read as another.
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const short = JSON.stringify(character).slice(1, -1);
    return short === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : short;
  });
}

/** The GPU went away while it was in use. Nothing that was on the host is lost: open a new engine and load again. */
export class DeviceLostError extends Error {
  override readonly name = "DeviceLostError";
}

/** As every engine calls the failure of making an array, or of growing a memory: it is a RangeError, as others are. */
const NO_MEMORY = /alloc|memory|(array|buffer) length|grow/i;

/** What is thrown where there is not enough memory, as an error that the caller can mend; anything else as it is. */
export function mendable(error: unknown): unknown {
  if (!(error instanceof RangeError && NO_MEMORY.test(error.message))) return error;
  return new InputError(`not enough memory (${error.message}): use fewer rows, or a machine that has more`, {
    cause: error,
  });
}
