/** Ranges of files on a server, whatever the server does. */
import { afterEach, expect, test } from "vitest";
import { blobBytes } from "../../src/files/blobBytes.ts";
import { httpBytes } from "../../src/files/httpBytes.ts";
import { InputError } from "../../src/errors.ts";
import { type Answer, closeServers, serve } from "./rangeServer.ts";

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) % 251);
afterEach(closeServers);

const headersOf = (first: number, last: number): Record<string, string> => ({
  "content-range": `bytes ${first}-${last}/${content.length}`,
  "content-length": String(last - first + 1),
  etag: '"one"',
});

/** What is asked before anything is read. */
const isFirst = ([first, last]: [number, number]): boolean => first === 0 && last === 0;

const well: Answer = (_, response, [first, last]) => {
  response.writeHead(206, headersOf(first, last)).end(content.subarray(first, last + 1));
};

async function read(url: string, position: number, length: number): Promise<Uint8Array> {
  const bytes = await httpBytes(url);
  expect(bytes.size).toBe(content.length);
  const into = new Uint8Array(length);
  await bytes.read(into, position);
  await bytes.close();
  return into;
}

test("ranges are those of the file", async () => {
  const url = await serve(well);
  for (const [position, length] of [
    [0, 1],
    [0, 5000],
    [17, 900],
    [4999, 1],
    [300, 0],
  ])
    expect(await read(url, position, length)).toEqual(content.slice(position, position + length));
  await expect(read(url, 4000, 1001)).rejects.toThrow(
    new InputError(`${url}: ends at byte 5000, 1 bytes too early: copy or write it again`),
  );
});

test("nothing is asked for with a header that a server of another origin must allow first", async () => {
  const sent = new Set<string>();
  const url = await serve((request, response, range) => {
    for (const header of Object.keys(request.headers)) sent.add(header);
    well(request, response, range);
  });
  await read(url, 10, 100);
  expect(sent).toContain("range");
  // What fetch sends of its own accord, in a page without asking.
  const own = ["host", "connection", "accept", "accept-encoding", "accept-language", "sec-fetch-mode", "user-agent"];
  expect([...sent].filter((header) => header !== "range" && !own.includes(header))).toEqual([]);
});

test("an answer that breaks off is asked for again from where it broke", async () => {
  const asked: number[] = [];
  const url = await serve((_, response, [first, last]) => {
    asked.push(first);
    response.writeHead(206, headersOf(first, last));
    if (last - first < 1000) response.end(content.subarray(first, last + 1));
    else response.write(content.subarray(first, first + 1000), () => response.destroy());
  });
  expect(await read(url, 0, 5000)).toEqual(content);
  expect(asked).toEqual([0, 0, 1000, 2000, 3000, 4000]);
});

/** 12 MB that answer for what they are asked, and the lengths of that. */
async function serveLong(): Promise<{ url: string; long: Uint8Array; asked: number[] }> {
  const long = Uint8Array.from({ length: 12 * 2 ** 20 + 77 }, (_, i) => (i * 7 + (i >> 8)) % 251);
  const asked: number[] = [];
  const url = await serve((_, response, [first, last]) => {
    asked.push(last - first + 1);
    response
      .writeHead(206, { "content-range": `bytes ${first}-${last}/${long.length}`, etag: '"long"' })
      .end(long.subarray(first, last + 1));
  });
  return { url, long, asked };
}

test("what is read in a row is asked for in few requests", async () => {
  const { url, long, asked } = await serveLong();
  const bytes = await httpBytes(url);
  const block = new Uint8Array(2 ** 20);
  for (let position = 0; position < long.length; position += block.length) {
    const some = block.subarray(0, Math.min(block.length, long.length - position));
    await bytes.read(some, position);
    expect(Buffer.compare(some, long.subarray(position, position + some.length))).toBe(0);
    block.fill(0);
  }
  expect(asked).toEqual([1, 2 ** 20, 2 ** 23, 3 * 2 ** 20 + 77]);
});

test("two works at a time, and rows here and there, each get theirs, and those no more than they need", async () => {
  const { url, long, asked } = await serveLong();
  const bytes = await httpBytes(url);
  const readAt = async (position: number, length: number): Promise<void> => {
    const into = new Uint8Array(length);
    await bytes.read(into, position);
    expect(Buffer.compare(into, long.subarray(position, position + length))).toBe(0);
  };
  for (let i = 0; i < 1000; i++) await readAt((i * 7_654_321) % 12_000_000, 40);
  expect(asked.reduce((sum, length) => sum + length)).toBeLessThan(1000 * 40 * 2);
  asked.length = 0;
  const half = 6 * 2 ** 20;
  const works: Promise<void>[] = [];
  for (let i = 0; i < 60; i++) works.push(readAt(i * 100_000, 100_000), readAt(half + i * 100_000, 100_000));
  await Promise.all(works);
  expect(asked.length).toBeLessThan(16);
});

test("nothing comes of what is held once it is closed, or its signal is given", async () => {
  const { url } = await serveLong();
  const stop = new AbortController();
  const bytes = await httpBytes(url, stop.signal);
  const into = new Uint8Array(100);
  for (const position of [0, 100, 200]) await bytes.read(into, position);
  stop.abort(new Error("enough"));
  await expect(bytes.read(into, 300)).rejects.toThrow("enough");
  const other = await httpBytes(url);
  await other.close();
  await expect(other.read(into, 0)).rejects.toThrow(new InputError(`${url}: is closed: open it again`));
});

test("a read ahead that fails is tried again by the next read", async () => {
  let isGone = false;
  const url = await serve((request, response, range) => {
    if (isGone) response.writeHead(404).end();
    else well(request, response, range);
  });
  const bytes = await httpBytes(url);
  const into = new Uint8Array(10);
  await bytes.read(into, 0);
  isGone = true;
  await expect(bytes.read(into, 10)).rejects.toThrow(/answered 404/);
  isGone = false;
  await bytes.read(into, 10);
  expect(into).toEqual(content.slice(10, 20));
});

test("a server in trouble is asked again", async () => {
  let troubles = 3;
  const url = await serve((request, response, range) => {
    if (troubles-- > 0) response.writeHead(503).end();
    else well(request, response, range);
  });
  expect(await read(url, 10, 100)).toEqual(content.slice(10, 110));
});

test("a server that takes an end of 0 for none", async () => {
  const url = await serve((_, response, [first, last]) => {
    const end = last || content.length - 1;
    response.writeHead(206, headersOf(first, end)).end(content.subarray(first, end + 1));
  });
  expect(await read(url, 0, 1)).toEqual(content.slice(0, 1));
  expect(await read(url, 10, 100)).toEqual(content.slice(10, 110));
});

const refused: [what: string, answer: Answer, message: RegExp][] = [
  [
    "ignores ranges",
    (_, response) => response.writeHead(200).end(content),
    /: the server ignores ranges \(it answered 200\): download the file, and name that$/,
  ],
  [
    "hides the range from a page",
    (_, response) => response.writeHead(206).end(content.subarray(0, 1)),
    /: the server does not show which range it sent: have it send Access-Control-Expose-Headers: Content-Range$/,
  ],
  [
    "has no such file",
    (_, response) => response.writeHead(404).end(),
    /: the server answered 404 Not Found: check the address$/,
  ],
  [
    "stays in trouble",
    (_, response) => response.writeHead(503).end(),
    /: could not be read from the server in 4 attempts: it answered 503 Service Unavailable: try again later$/,
  ],
  [
    "has changed the file",
    (request, response, range) => {
      if (isFirst(range)) return well(request, response, range);
      const [first, last] = range;
      response.writeHead(206, { ...headersOf(first, last), etag: '"two"' }).end(content.subarray(first, last + 1));
    },
    /: was changed on the server while it was read: read it again$/,
  ],
  [
    "has changed the file, and has no tags",
    (_, response, range) => {
      const [first, last] = range;
      const changed = new Date(isFirst(range) ? 0 : 1000).toUTCString();
      response
        .writeHead(206, { "content-range": `bytes ${first}-${last}/${content.length}`, "last-modified": changed })
        .end(content.subarray(first, last + 1));
    },
    /: was changed on the server while it was read: read it again$/,
  ],
  [
    "has a longer file than before",
    (request, response, range) => {
      if (isFirst(range)) return well(request, response, range);
      const [first, last] = range;
      response
        .writeHead(206, { "content-range": `bytes ${first}-${last}/6000` })
        .end(content.subarray(first, last + 1));
    },
    /: was changed on the server while it was read/,
  ],
  [
    "ignores ranges later",
    (request, response, range) => {
      if (isFirst(range)) well(request, response, range);
      else response.writeHead(200).end(content);
    },
    /: the server ignores ranges \(it answered 200\)/,
  ],
  [
    "hangs up every time",
    (request, response, range) => {
      if (isFirst(range)) well(request, response, range);
      else response.destroy();
    },
    /: could not be read from the server in 4 attempts: .+: try again later$/,
  ],
  ["has an empty file", (_, response) => response.writeHead(416).end(), /: is empty: give a file with rows$/],
];
test.each(refused)("a server that %s is one line", async (_, answer, message) => {
  const url = await serve(answer);
  const promise = read(url, 0, 100);
  await expect(promise).rejects.toThrow(InputError);
  await expect(promise).rejects.toThrow(message);
  await expect(promise).rejects.toThrow(url);
});

test("no server at all is one line", async () => {
  await expect(httpBytes("http://127.0.0.1:1/pool.npy")).rejects.toThrow(
    /^http:\/\/127\.0\.0\.1:1\/pool\.npy: could not be read from the server in 4 attempts: .+: try again later$/,
  );
});

test("a blob is read where it lies", async () => {
  const bytes = blobBytes(new Blob([content]), "pool.npy");
  expect([bytes.name, bytes.size]).toEqual(["pool.npy", 5000]);
  const into = new Uint8Array(100);
  await bytes.read(into, 4900);
  expect(into).toEqual(content.slice(4900));
  await expect(bytes.read(into, 4901)).rejects.toThrow(
    new InputError("pool.npy: ends at byte 5000, 1 bytes too early: copy or write it again"),
  );
  expect(blobBytes(new Blob([content])).name).toBe("blob");
});
