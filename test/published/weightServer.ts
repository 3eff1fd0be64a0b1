import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServerFaults {
  /** Answers 200 with everything whatever range is asked for. */
  readonly ignoresRanges?: boolean;
  /** Hangs up after so many bytes of an answer. */
  readonly breaksAfter?: number;
  /** Says no length, and ends after so many bytes as if that were all. */
  readonly endsAfter?: number;
  /** Sends the body in two halves, the second never. */
  readonly stalls?: boolean;
  readonly status?: number;
}

/** What a client asked for: the path, and its Range header. */
export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
}

export interface WeightServer {
  readonly url: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** Serves `body` under every path on 127.0.0.1, with ranges unless told otherwise. */
export async function serveWeights(body: Uint8Array, faults: ServerFaults = {}): Promise<WeightServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    asked.push({ path: request.url!, range });
    if (faults.status) return void response.writeHead(faults.status).end();
    const from = faults.ignoresRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (from >= body.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    }
    const rest = body.subarray(from);
    const place = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` };
    if (faults.endsAfter !== undefined) {
      // Written apart from the end, it goes without a length.
      response.write(rest.subarray(0, faults.endsAfter));
      return void response.end();
    }
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': rest.length, ...(from > 0 ? place : {}) });
    if (faults.breaksAfter !== undefined) {
      return void response.write(rest.subarray(0, faults.breaksAfter), () => response.destroy());
    }
    if (faults.stalls) return void response.write(rest.subarray(0, rest.length / 2));
    response.end(rest);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
