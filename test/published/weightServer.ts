import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface ServerFaults {
  /** Answers 200 with everything whatever range is asked for. */
  readonly ignoresRanges?: boolean;
  /** Hangs up after so many bytes of an answer. */
  readonly breaksAfter?: number;
  /** Says no length, and ends after so many bytes as if that were all. */
  readonly endsAfter?: number;
  /** Sends the body in two halves, the second never. */
  readonly stalls?: boolean;
  /** Ends the connection so many bytes before the end of each answer, one after the other; none after those. */
  readonly lacks?: readonly number[];
  /** User name and password without which it answers 401. */
  readonly wants?: string;
  readonly status?: number;
  /** Accepts, and never answers. */
  readonly isMute?: boolean;
  /** Hangs up before it answers. */
  readonly resets?: boolean;
  /** Sends so many bytes every 20 ms. */
  readonly drips?: number;
  /** Hangs up at once after the last byte, without a word. */
  readonly hangsUp?: boolean;
  /** Sends so many bytes by themselves first. */
  readonly begins?: number;
  /** Redirects here: `self` for ever, or to another URL. */
  readonly redirects?: string;
  /** Says that the answer is packed, and packs it. */
  readonly gzips?: boolean;
  /** Sends this page, with 200, instead of the file. */
  readonly page?: { readonly type: string; readonly text: string };
  /** Says so many bytes more than it sends; negative: less. */
  readonly lengthOff?: number;
  /** Sends zeros without a length and without an end. */
  readonly isEndless?: boolean;
  /** Sends parts from so many bytes later than asked for, and says so or not. */
  readonly rangeOff?: { readonly bytes: number; readonly said: boolean };
}

/** What a client asked for: the path, and its Range header. */
export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization?: string;
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
    const { range, authorization } = request.headers;
    asked.push({ path: request.url!, range, ...(authorization !== undefined && { authorization }) });
    const known = `Basic ${Buffer.from(faults.wants ?? '').toString('base64')}`;
    if (faults.wants !== undefined && authorization !== known) return void response.writeHead(401).end();
    if (faults.status) return void response.writeHead(faults.status).end();
    if (faults.isMute) return;
    if (faults.resets) return void request.socket.destroy();
    if (faults.redirects !== undefined) {
      const location = faults.redirects === 'self' ? request.url! : faults.redirects;
      return void response.writeHead(302, { location }).end();
    }
    if (faults.page) {
      const { type, text } = faults.page;
      return void response.writeHead(200, { 'content-type': type }).end(text);
    }
    if (faults.isEndless) {
      const send = (): void => {
        while (response.write(new Uint8Array(2 ** 16)));
      };
      response.on('drain', send);
      return send();
    }
    const asksFrom = faults.ignoresRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const from = asksFrom > 0 ? asksFrom + (faults.rangeOff?.bytes ?? 0) : 0;
    if (from >= body.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    }
    const rest = body.subarray(from);
    const told = faults.rangeOff?.said ? from : asksFrom;
    const place = { 'content-range': `bytes ${told}-${body.length - 1}/${body.length}` };
    if (faults.endsAfter !== undefined) {
      // Written apart from the end, it goes without a length.
      response.write(rest.subarray(0, faults.endsAfter));
      return void response.end();
    }
    if (faults.gzips) {
      response.writeHead(from > 0 ? 206 : 200, { 'content-encoding': 'gzip', ...(from > 0 ? place : {}) });
      return void response.end(gzipSync(rest));
    }
    const length = rest.length + (faults.lengthOff ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': length, ...(from > 0 ? place : {}) });
    if (faults.lengthOff !== undefined) {
      // Past the length that was said, Node would refuse to write.
      response.flushHeaders();
      return void response.socket!.end(rest);
    }
    if (faults.drips !== undefined) {
      let at = 0;
      const timer = setInterval(() => {
        response.write(rest.subarray(at, at + faults.drips!));
        at += faults.drips!;
      }, 20);
      return void response.on('close', () => clearInterval(timer));
    }
    if (faults.begins !== undefined) {
      response.write(rest.subarray(0, faults.begins));
      return void setTimeout(() => response.end(rest.subarray(faults.begins)), 50);
    }
    if (faults.breaksAfter !== undefined) {
      return void response.write(rest.subarray(0, faults.breaksAfter), () => response.destroy());
    }
    const lacks = faults.lacks?.[asked.length - 1] ?? 0;
    if (lacks > 0) {
      // What was written is delivered before the connection ends.
      response.flushHeaders();
      return void response.socket!.end(rest.subarray(0, rest.length - lacks));
    }
    if (faults.hangsUp) {
      response.end(rest, () => request.socket.destroy());
      return;
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
