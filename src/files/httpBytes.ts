/** Files on a server as bytes, by requests for ranges of them. */
import { InputError } from "../errors.ts";
import { readingAhead } from "./aheadBytes.ts";
import { type Bytes, closed, endsEarly } from "./bytes.ts";

/** Requests in a row that bring nothing before it is given up. */
const ATTEMPTS = 4;
/** Before the second attempt; twice as long before each one more. */
const PAUSE_MS = 100;
/** A request that takes longer is broken off; what came by then is kept. */
const LONGEST_MS = 30_000;

/**
 * Opens a file on a server. An answer that breaks off is asked for again from where it broke. A signal ends this, and
 * later reads, with its reason.
 *
 * @throws InputError where there is no such file, the server does not answer, or gives whole files alone
 */
export async function httpBytes(url: string, signal?: AbortSignal): Promise<Bytes> {
  let size = 0;
  /** Of a file that is changed meanwhile the rest is refused. */
  let version: string | null = null;
  await persist(url, signal, async () => {
    const { status, headers } = await ask(url, signal, 0, 1, async ({ body }) => body?.cancel());
    if (status === 416) throw new InputError(`${url}: is empty: give a file with rows`);
    if (status === 206 && !headers.has("content-range"))
      throw new InputError(
        `${url}: the server does not show which range it sent: have it send Access-Control-Expose-Headers: Content-Range`,
      );
    // Some servers take 0 for no end, and send all; what is not needed is left with them.
    const [, total] = /^bytes 0-\d+\/(\d+)$/.exec(headers.get("content-range") ?? "") ?? [];
    if (status !== 206 || total === undefined)
      throw new InputError(
        `${url}: the server ignores ranges (it answered ${status}): download the file, and name that`,
      );
    size = Number(total);
    version = versionOf(headers);
    return true;
  });
  const fetchInto = async (into: Uint8Array, position: number): Promise<void> => {
    let done = 0;
    while (done < into.length)
      await persist(url, signal, async () => {
        const from = position + done;
        const before = done;
        await ask(url, signal, from, into.length - done, async (part) => {
          checkPart(url, part, from, size, version);
          await eachPiece(part, (piece) => {
            const kept = piece.subarray(0, into.length - done);
            into.set(kept, done);
            done += kept.length;
          });
        }).catch((error: unknown) => {
          if (error instanceof InputError || done === before) throw error;
        });
        return done > before;
      });
  };
  let readAhead: typeof fetchInto | undefined = readingAhead(size, fetchInto);
  return {
    name: url,
    size,
    async read(into, position) {
      signal?.throwIfAborted();
      if (!readAhead) throw closed(url);
      const missing = position + into.length - size;
      if (missing > 0) throw endsEarly(url, size, missing);
      await readAhead(into, position);
    },
    async close() {
      readAhead = undefined;
    },
  };
}

/**
 * Compared here: the condition in a request that has the server compare them is a header that servers of another origin
 * seldom allow a page to send.
 */
const versionOf = (headers: Headers): string | null => headers.get("etag") ?? headers.get("last-modified");

function checkPart(
  url: string,
  { status, headers }: Response,
  from: number,
  size: number,
  version: string | null,
): void {
  const range = headers.get("content-range") ?? "";
  if (status === 206 && (!range.endsWith(`/${size}`) || versionOf(headers) !== version))
    throw new InputError(`${url}: was changed on the server while it was read: read it again`);
  if (status !== 206 || !range.startsWith(`bytes ${from}-`))
    throw new InputError(`${url}: the server ignores ranges (it answered ${status}): download the file, and name that`);
}

/** Asks for a range, and has `use` read the answer, which is given up where nothing comes of it. */
async function ask(
  url: string,
  signal: AbortSignal | undefined,
  from: number,
  length: number,
  use: (response: Response) => Promise<void>,
): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`it took more than ${LONGEST_MS / 1000} s`)), LONGEST_MS);
  const stop = (): void => late.abort(signal?.reason);
  signal?.addEventListener("abort", stop);
  // Compressed, ranges would be those of something else.
  const headers = { range: `bytes=${from}-${from + length - 1}`, "accept-encoding": "identity" };
  try {
    const response = await fetch(url, { headers, signal: late.signal });
    if (!response.ok && response.status !== 416) {
      await response.body?.cancel();
      const said = `answered ${response.status} ${response.statusText}`.trimEnd();
      // Of those a later request may have another answer.
      if (response.status === 429 || response.status >= 500) throw new Error(`it ${said}`);
      throw new InputError(`${url}: the server ${said}: check the address`);
    }
    await use(response);
    return response;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

async function eachPiece({ body }: Response, tell: (piece: Uint8Array) => void): Promise<void> {
  const reader = body!.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    tell(value);
  }
}

/** Tries until something comes of it, as `work` says. */
async function persist(url: string, signal: AbortSignal | undefined, work: () => Promise<boolean>): Promise<void> {
  let last = "it sent nothing";
  signal?.throwIfAborted();
  for (let attempt = 0, pause = PAUSE_MS; attempt < ATTEMPTS; attempt++, pause *= 2) {
    try {
      if (await work()) return;
    } catch (error) {
      if (error instanceof InputError) throw error;
      last = reasonOf(error as Error);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    signal?.throwIfAborted();
  }
  throw new InputError(`${url}: could not be read from the server in ${ATTEMPTS} attempts: ${last}: try again later`);
}

/** What fetch means by "fetch failed" is in its cause. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
