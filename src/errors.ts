/**
 * What the caller can mend: a wrong shape, a missing file, a value that is not a number. The message is one line
 * that says what, where, and what to do. The command line prints it and exits with 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** The GPU went away while it was in use. Nothing that was on the host is lost: open a new engine and load again. */
export class DeviceLostError extends Error {
  override readonly name = "DeviceLostError";
}
