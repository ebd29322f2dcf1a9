/** Ctrl-C: the work at hand ends and cleans up after itself, and the process says by its status that it was stopped. */

/** As shells have it: 128 and the number of the signal. */
const STATUS = { SIGINT: 130, SIGTERM: 143 } as const;
/** What has not ended by then is left as it is: nothing is ever half in its place. */
const PATIENCE_MS = 2000;

const stopping = new AbortController();

/** Given to all work that takes long. */
export const stopSignal: AbortSignal = stopping.signal;

// A second time ends it at once.
for (const [name, status] of Object.entries(STATUS))
  process.once(name, () => {
    process.exitCode = status;
    process.stderr.write(`poolwise: stopped by ${name}\n`);
    stopping.abort();
    setTimeout(() => process.exit(status), PATIENCE_MS).unref();
  });
