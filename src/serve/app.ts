import { createHash, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import multipart from '@fastify/multipart';
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { GpuError, gotText, harmless, shown, WgadError } from '../errors.ts';
import { withNearest } from '../options.ts';
import type { Verdict } from '../score/judge.ts';
import type { Admission, Ticket } from './admission.ts';
import type { ServeLimits } from './limits.ts';
import { MAP_FORMS, type MapForm, type SentMap, sentMap } from './maps.ts';
import type { ServeMetrics } from './metrics.ts';
import { openApi } from './openApi.ts';
import { PAGE, PAGE_POLICY } from './page.ts';
import { busy, malformed, Refusal } from './refusal.ts';
import type { ServedRuns } from './servedRuns.ts';
import type { SentImage, Version } from './version.ts';

/** Everything that requests are answered with. */
export interface Served {
  readonly runs: ServedRuns;
  readonly limits: ServeLimits;
  readonly held: Admission;
  readonly metrics: ServeMetrics;
  /** Of this package. */
  readonly version: string;
  /** Null: no token is needed. */
  readonly token: () => string | null;
  /** Seconds that all images under way will take. */
  readonly backlogSeconds: () => number;
  /** Where log lines go, and from which level on. */
  readonly log: { readonly level: string; readonly stream: NodeJS.WritableStream };
}

/** One image of an answer. */
type Answer = { readonly name: string } & (
  | (Verdict & { readonly ms: number; readonly map?: SentMap })
  | { readonly error: { readonly code: string; readonly message: string } }
);

/** A request to judge images, and the room that it holds until it is done. */
interface Asked {
  readonly run: string;
  readonly version: Version;
  readonly map: MapForm | null;
  readonly ticket: Ticket;
  readonly since: number;
  /** After a time-out the work goes on: the room is released once both answer and work are done. */
  working: boolean;
  answered: boolean;
}

const asked = new WeakMap<FastifyRequest, Asked>();
const RAW_TYPES = /^(image\/[\w.+-]+|application\/octet-stream)\s*(;|$)/i;

/** A refused body of at most this size is read and discarded, so that the client can keep its connection. */
const MOST_DISCARDED_BYTES = 2 ** 20;

/** The HTTP side of `wgad serve`, not listening yet. */
export async function serveApp(served: Served): Promise<FastifyInstance> {
  const { limits, runs, metrics } = served;
  const ms = 1000 * limits.seconds;
  const app = fastify({
    logger: { level: served.log.level, stream: served.log.stream },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bytes,
    requestTimeout: ms,
    // How often Node looks for requests that take too long to arrive.
    http: { connectionsCheckingInterval: Math.min(1000, ms / 4), headersTimeout: ms },
    clientErrorHandler: answerBroken,
    routerOptions: { maxParamLength: 200 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(RAW_TYPES, { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  await app.register(multipart, {
    limits: {
      fileSize: limits.bytes,
      files: limits.images,
      fields: 0,
      parts: limits.images,
      headerPairs: 64,
    },
  });
  // A connection that would be kept open for more requests would keep the server from ending.
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.setErrorHandler((error, request, reply) => answerError(error as Error, request, reply));
  app.setNotFoundHandler((request) => {
    throw malformed(
      `there is no ${request.method} ${shown(request.url)}; POST /v1/predict judges images, /openapi.json says how`,
      404,
    );
  });

  app.get('/', (_, reply) =>
    reply.header('content-security-policy', PAGE_POLICY).type('text/html').send(PAGE),
  );
  app.get('/openapi.json', () => openApi(served.version, limits));
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_, reply) =>
    runs.ready ? { status: 'ready' } : reply.code(503).send({ status: 'not ready' }),
  );
  const withToken = { onRequest: async (request: FastifyRequest) => requireToken(request, served.token()) };
  app.get('/metrics', withToken, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  app.get('/v1/runs', withToken, () => ({ runs: runs.names.map((name) => aboutRun(name, runs.get(name))) }));
  app.post(
    '/v1/predict',
    {
      async onRequest(request, reply) {
        const since = performance.now();
        requireToken(request, served.token());
        const own = admit(served, request, since);
        asked.set(request, own);
        // Also if the client disconnects.
        reply.raw.once('close', () => settle(own, 'answered'));
      },
      async onResponse(request, reply) {
        const own = asked.get(request);
        const seconds = reply.elapsedTime / 1000;
        metrics.request(own?.run ?? '', reply.statusCode, seconds);
        request.log.info(
          { run: own?.run, status: reply.statusCode, ms: Math.round(1000 * seconds) },
          'answered',
        );
        if (own) settle(own, 'answered');
      },
    },
    async (request, reply) => {
      const own = asked.get(request)!;
      const images = await sentImages(request, own.ticket, limits, served.backlogSeconds);
      own.working = true;
      const work = judgeAll(own, images, metrics).finally(() => settle(own, 'worked'));
      const answers = await inTime(work, own.since + ms - performance.now(), served.backlogSeconds);
      const refused = answers.filter((answer) => 'error' in answer);
      if (refused.length === answers.length) reply.code(statusOf(refused));
      const { weights } = own.version;
      return { run: own.run, weights, results: answers };
    },
  );
  return app;
}

function settle(own: Asked, what: 'answered' | 'worked'): void {
  if (what === 'answered') own.answered = true;
  else own.working = false;
  if (own.answered && !own.working) own.ticket.release();
}

/** HTTP status of an answer in which no image was judged. */
function statusOf(refused: readonly Answer[]): number {
  const codes = refused.map((answer) => ('error' in answer ? answer.error.code : ''));
  return codes.every((code) => code === 'E_IMAGE') ? 422 : 500;
}

function requireToken({ headers }: FastifyRequest, token: string | null): void {
  if (token === null) return;
  const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  // Hashes have equal lengths, so comparing them takes the same time wherever they differ.
  const [a, b] = [given, token].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  if (timingSafeEqual(a, b)) return;
  throw new Refusal(401, 'E_TOKEN', 'expects the header Authorization: Bearer TOKEN', {
    'www-authenticate': 'Bearer',
  });
}

/** @throws Refusal before the body is read: for a request that is not understood, or cannot be held. */
function admit(
  { runs, limits, held, backlogSeconds }: Served,
  request: FastifyRequest,
  since: number,
): Asked {
  const query = request.query as Readonly<Record<string, string | string[]>>;
  const unknown = Object.keys(query).filter((name) => name !== 'run' && name !== 'map');
  if (unknown.length > 0) {
    throw malformed(`there is no ${withNearest(unknown[0]!, ['run', 'map'])}; expects run and map`);
  }
  const form = query.map ?? null;
  const map = MAP_FORMS.find((each) => each === form) ?? null;
  if (form !== map) throw malformed(`map expects one of ${MAP_FORMS.join(', ')}, got ${gotText(form)}`);
  const { run = runs.names.length === 1 ? runs.names[0]! : undefined } = query;
  if (run === undefined)
    throw malformed(`several runs are served: say ?run= one of ${runs.names.join(', ')}`);
  if (typeof run !== 'string' || !runs.names.includes(run)) {
    throw malformed(`there is no run ${gotText(run)}; expects one of ${runs.names.join(', ')}`, 404);
  }
  const { 'content-length': length, 'content-type': type = '' } = request.headers;
  if (!RAW_TYPES.test(type) && !/^multipart\/form-data\s*;/i.test(type)) {
    throw malformed(
      `content-type expects image/*, application/octet-stream or multipart/form-data, got ${gotText(type)}`,
      415,
    );
  }
  const bytes = length === undefined ? limits.bytes : Number(length);
  if (bytes > limits.bytes) throw tooLarge(`${bytes} bytes`, limits);
  const version = runs.get(run);
  if (!version) throw busy(`the run ${run} is not open yet`, 1);
  const ticket = held.admit(1, bytes);
  if (!ticket) throw busy(`${held.images} images are under way already`, backlogSeconds());
  return { run, version, map, ticket, since, working: false, answered: false };
}

const tooLarge = (what: string, { bytes }: Pick<ServeLimits, 'bytes'>): Refusal =>
  malformed(`the body has ${what}; at most ${bytes} bytes are read`, 413);

/** The images of a request's body. @throws Refusal; errors of the parsers, which have a status of their own. */
async function sentImages(
  request: FastifyRequest,
  ticket: Ticket,
  limits: ServeLimits,
  backlogSeconds: () => number,
): Promise<SentImage[]> {
  if (!request.isMultipart()) {
    const bytes = request.body as Buffer;
    if (!Buffer.isBuffer(bytes) || bytes.length === 0) throw malformed('the body is empty: expects an image');
    return [{ name: 'body', bytes }];
  }
  const images: SentImage[] = [];
  let bytes = 0;
  for await (const part of request.files()) {
    if (images.length > 0 && !ticket.another()) {
      throw busy('there is no room for more images', backlogSeconds());
    }
    const image = await part.toBuffer();
    bytes += image.length;
    if (bytes > limits.bytes) throw tooLarge('more', limits);
    images.push({ name: shown(part.filename ?? '') || `image ${images.length + 1}`, bytes: image });
  }
  if (images.length === 0) throw malformed('the form holds no file: expects one for each image');
  return images;
}

/** An image that cannot be judged becomes an error in the answer; the others are judged all the same. */
async function judgeAll(own: Asked, images: readonly SentImage[], metrics: ServeMetrics): Promise<Answer[]> {
  const { run, version, map } = own;
  const answers = await Promise.allSettled(
    images.map(async (image): Promise<Answer> => {
      const began = performance.now();
      const judged = await version.judge(image);
      const sent = map ? await sentMap(judged, version.judgement, map) : undefined;
      const ms = performance.now() - began;
      return { name: image.name, ...judged.verdict, ms, ...(sent && { map: sent }) };
    }),
  );
  const judged = answers.filter(({ status }) => status === 'fulfilled').length;
  metrics.images(run, 'judged', judged);
  metrics.images(run, 'refused', images.length - judged);
  return answers.map((answer, i) => {
    if (answer.status === 'fulfilled') return answer.value;
    const error: unknown = answer.reason;
    // A device error concerns all images.
    if (!(error instanceof WgadError) || error instanceof GpuError) throw error;
    return { name: images[i]!.name, error: { code: error.code, message: error.message } };
  });
}

async function inTime<T>(work: Promise<T>, left: number, backlogSeconds: () => number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(busy('it was not judged in time', backlogSeconds())), Math.max(0, left));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // After the time-out nobody waits for this result: its failure is ignored.
    work.catch(() => {});
  }
}

const aboutRun = (name: string, version: Version | null) =>
  version
    ? {
        name,
        ready: version.alive,
        weights: version.weights,
        method: version.judgement.config.method,
        size: version.judgement.config.size,
        threshold: version.judgement.threshold,
        adapter: version.adapter,
        batch: version.batch,
      }
    : { name, ready: false };

function answerError(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, headers } = meaningOf(error);
  const message = status === 500 ? 'a fault of wgad; its log says more' : harmless(error.message);
  if (status === 500 || error instanceof GpuError) request.log.error({ err: error }, 'failed');
  // Node reads and discards the rest of the body before the next request: too long for a large one.
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (!request.raw.complete && length > MOST_DISCARDED_BYTES) reply.header('connection', 'close');
  return reply.code(status).headers(headers).send({ error: { code, message } });
}

function meaningOf(error: Error): Pick<Refusal, 'status' | 'code' | 'headers'> {
  if (error instanceof Refusal) return error;
  if (error instanceof GpuError) return busy(error.message, 1);
  const { statusCode = 500, code = '' } = error as Error & { statusCode?: number; code?: string };
  // The parser gives no status for a form that is cut off or malformed.
  const broken =
    statusCode === 500 && /^(Unexpected end|Malformed|Part terminated|Multipart)/i.test(error.message);
  const gone = code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
  const status = broken || gone ? 400 : code === 'FST_INVALID_MULTIPART_CONTENT_TYPE' ? 415 : statusCode;
  return { status, code: status < 500 ? 'E_REQUEST' : 'E_FAILED', headers: {} };
}

/** Answers a request that is not HTTP, or came too slowly. */
function answerBroken(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const [status, text] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'Request Timeout']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'Request Header Fields Too Large']
        : [400, 'Bad Request'];
  const said = status === 408 ? 'the request did not arrive in time' : 'this is no HTTP request';
  const body = JSON.stringify({ error: { code: 'E_REQUEST', message: said } });
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
