/** Servers of ranges that answer as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Answer = (request: IncomingMessage, response: ServerResponse, range: [first: number, last: number]) => void;

const closing: (() => void)[] = [];

/** Closes those that were opened since the last time. */
export function closeServers(): void {
  for (const close of closing.splice(0)) close();
}

/** A server that answers by this, and where it is. */
export async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    answer(request, response, [Number(first), Number(last)]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/pool.npy`;
}
