import { connect } from 'node:net';
import type { RandomStream } from '../../src/random.ts';

/** A request as bytes, and how it is sent. */
export interface Malformed {
  readonly what: string;
  readonly bytes: Buffer;
  /** It never ends: the server has to. */
  readonly stalls?: boolean;
}

const CRLF = '\r\n';

const head = (type: string, length: number | 'chunked', path = '/v1/predict'): string =>
  [
    `POST ${path} HTTP/1.1`,
    'host: localhost',
    ...(type === '' ? [] : [`content-type: ${type}`]),
    length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`,
    'connection: close',
    '',
    '',
  ].join(CRLF);

const form = (boundary: string, files: readonly Buffer[], end = true): Buffer =>
  Buffer.concat([
    ...files.flatMap((file, i) => [
      Buffer.from(
        `--${boundary}${CRLF}content-disposition: form-data; name="image"; filename="${i}.png"${CRLF}content-type: image/png${CRLF}${CRLF}`,
      ),
      file,
      Buffer.from(CRLF),
    ]),
    Buffer.from(end ? `--${boundary}--${CRLF}` : ''),
  ]);

const request = (
  type: string,
  body: Buffer,
  length: number | 'chunked' = body.length,
  path?: string,
): Buffer => Buffer.concat([Buffer.from(head(type, length, path)), body]);

/**
 * One of the ways in which a request can be wrong, by turns. @param png an image that is fine. @param bomb one that has more
 * pixels than the server takes. @param most bytes that the server takes.
 */
export function malformed(
  i: number,
  random: RandomStream,
  { png, bomb, most }: { readonly png: Buffer; readonly bomb: Buffer; readonly most: number },
): Malformed {
  const below = (n: number): number => Math.floor(random.next() * n);
  const cut = (bytes: Buffer): Buffer => bytes.subarray(0, 1 + below(bytes.length - 1));
  const noise = (n: number): Buffer => Buffer.from(Array.from({ length: n }, () => below(256)));
  const damaged = (): Buffer => {
    const bytes = Buffer.from(png);
    for (let n = 0; n < 20; n++) bytes[30 + below(bytes.length - 60)] = below(256);
    return cut(bytes);
  };
  const multipart = 'multipart/form-data; boundary=xx';
  const whole = form('xx', [png, png]);
  const ways: readonly (() => Malformed)[] = [
    () => ({ what: 'a form that is cut short', bytes: request(multipart, cut(whole)) }),
    () => ({ what: 'a form whose end is missing', bytes: request(multipart, form('xx', [png], false)) }),
    () => ({ what: 'a form without boundary', bytes: request('multipart/form-data', whole) }),
    () => ({ what: 'a form of another boundary', bytes: request('multipart/form-data; boundary=yy', whole) }),
    () => ({ what: 'an empty form', bytes: request(multipart, form('xx', [])) }),
    () => ({
      what: 'too many images',
      bytes: request(multipart, form('xx', Array(40).fill(Buffer.from('x')))),
    }),
    () => ({ what: 'a body that is too large', bytes: request('image/png', noise(100), most + 1) }),
    () => ({
      what: 'a form that is too large',
      bytes: request(multipart, form('xx', [Buffer.alloc(most + 9)])),
    }),
    () => ({ what: 'a bomb', bytes: request('image/png', bomb) }),
    () => ({ what: 'a bomb in a form', bytes: request(multipart, form('xx', [bomb])) }),
    () => ({ what: 'another type', bytes: request('application/json', Buffer.from('{"image":1}')) }),
    () => ({ what: 'no type', bytes: request('', png) }),
    () => ({ what: 'an empty body', bytes: request('image/png', Buffer.alloc(0)) }),
    () => ({ what: 'noise', bytes: request('image/png', noise(1 + below(2000))) }),
    () => ({ what: 'a damaged image', bytes: request('image/png', damaged()) }),
    () => ({ what: 'markup', bytes: request('image/svg+xml', Buffer.from('<svg xmlns="x"/>')) }),
    () => ({ what: 'an unknown run', bytes: request('image/png', png, png.length, '/v1/predict?run=none') }),
    () => ({ what: 'an unknown name', bytes: request('image/png', png, png.length, '/v1/predict?maps=png') }),
    () => ({ what: 'an unknown map', bytes: request('image/png', png, png.length, '/v1/predict?map=gif') }),
    () => ({ what: 'no HTTP', bytes: Buffer.concat([noise(40), Buffer.from('\r\n\r\n')]) }),
    () => ({
      what: 'a chunk of no length',
      bytes: request('image/png', Buffer.from('zz\r\nabc\r\n'), 'chunked'),
    }),
    () => ({ what: 'another path', bytes: request('image/png', png, png.length, '/v1/other') }),
    () => ({
      what: 'a body that does not come',
      bytes: request('image/png', cut(png), png.length),
      stalls: true,
    }),
    () => ({ what: 'a form that stops', bytes: request(multipart, cut(whole), whole.length), stalls: true }),
    () => ({ what: 'a head that stops', bytes: cut(Buffer.from(head('image/png', 9))), stalls: true }),
  ];
  return ways[i % ways.length]!();
}

/** Sends it, keeps the connection open, and waits until the server closes it. @returns the status; 0 where it closed without one. */
export function sent({ bytes }: Malformed, port: number): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    // Where the server has answered and closed before all was sent.
    socket.on('error', () => {});
    socket.on('close', () => {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
      resolve({ status, body: answer.slice(answer.indexOf('\r\n\r\n') + 4) });
    });
    socket.write(bytes);
  });
}
