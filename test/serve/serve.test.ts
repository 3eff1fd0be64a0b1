import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { GpuError } from '../../src/errors.ts';
import { writeFileAtomic } from '../../src/formats/atomicFile.ts';
import type { Scorer } from '../../src/score/scorerOn.ts';
import { type DeviceEvents, steadyScorer } from '../../src/score/steadyScorer.ts';
import { gatherer } from '../../src/serve/gatherer.ts';
import { LIMITS, type ServeLimits } from '../../src/serve/limits.ts';
import { type ServeOptions, type Server, serve } from '../../src/serve/serve.ts';
import { namedRuns } from '../../src/serve/servedRuns.ts';
import { range } from '../../src/shape.ts';
import { scratchFolder, start, TINY_DATA, TINY_TRAIN, wgadHere } from '../cli/wgad.ts';
import { testRandom } from '../seed.ts';
import { malformed, sent } from './malformed.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const folder = scratchFolder();
const run = (): string => folder.path('run');
const BATCH = 4;

let server: Server;
/** What `predict` says of each image, by its path, without the clock. */
const rows = new Map<string, Record<string, unknown>>();
let images: string[] = [];

const listening = async (
  limits: Partial<ServeLimits> = {},
  options: Partial<ServeOptions> = {},
): Promise<Server> => {
  const opened = await serve({
    runs: namedRuns([run()]),
    host: '127.0.0.1',
    port: 0,
    limits: { ...LIMITS, ...limits },
    version: '0',
    log: { level: 'silent', stream: new PassThrough() },
    ...options,
  });
  await opened.opened;
  return opened;
};

beforeAll(async () => {
  const done = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await wgadHere([...args, '--quiet']);
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const data = folder.path('data');
  await done('data', 'synth', '--out', data, ...TINY_DATA);
  await done('train', data, '--out', run(), ...TINY_TRAIN, '--iterations', '2', '--align-iterations', '3');
  await done('threshold', run(), '--fpr', '0.2');
  for (const line of (await done('predict', run(), data, '--no-times')).trim().split('\n')) {
    const { path, ms: _, ...row } = JSON.parse(line);
    rows.set(path, row);
  }
  images = [...rows.keys()];
  server = await listening({ bytes: 200_000, pixels: 100_000, images: 32, seconds: 2 });
}, SLOW);
afterAll(() => server.close());

interface Reply {
  readonly status: number;
  readonly body: {
    readonly results: readonly (Record<string, unknown> & { ms?: number; map?: Record<string, unknown> })[];
    readonly error?: { readonly code: string; readonly message: string };
    readonly weights: string;
  };
  readonly headers: Headers;
}

async function post(to: Server, paths: readonly string[], query = '', headers = {}): Promise<Reply> {
  const form = new FormData();
  for (const path of paths) form.append('image', new Blob([new Uint8Array(await readFile(path))]), path);
  const raw = paths.length === 1;
  const reply = await fetch(`${to.url}/v1/predict${query}`, {
    method: 'POST',
    body: raw ? new Uint8Array(await readFile(paths[0]!)) : form,
    headers: raw ? { 'content-type': 'image/png', ...headers } : headers,
  });
  return { status: reply.status, body: (await reply.json()) as Reply['body'], headers: reply.headers };
}

const judged = ({ name: _, ms: __, map: ___, ...row }: Reply['body']['results'][number]): unknown => row;

describe('verdicts', () => {
  it(
    'equal those of predict to the byte, alone and together, and requests are gathered into batches',
    async () => {
      const alone = await Promise.all(images.map((path) => post(server, [path])));
      for (const [i, { status, body }] of alone.entries()) {
        expect(status).toBe(200);
        expect(JSON.stringify(judged(body.results[0]!))).toBe(JSON.stringify(rows.get(images[i]!)));
        expect(body.results[0]!.ms).toBeGreaterThan(0);
      }
      const together = await post(server, images);
      expect(together.body.results.map(judged)).toEqual(images.map((path) => rows.get(path)));
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      const value = (name: string): number =>
        Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (.+)$`, 'm').exec(metrics)![1]);
      expect(value('wgad_batch_images_sum{run="run"}')).toBe(2 * images.length);
      expect(value('wgad_batch_images_count{run="run"}')).toBeLessThan(images.length);
      expect(value('wgad_requests_total{run="run",status="200"}')).toBe(images.length + 1);
      expect(value('wgad_images_total{run="run",outcome="judged"}')).toBe(2 * images.length);
      expect(value('wgad_queue_images')).toBe(0);
      for (const name of ['wgad_device_seconds_total{run="run"}', 'wgad_device_bytes{run="run"}'])
        expect(value(name)).toBeGreaterThan(0);
      expect(metrics).toContain('process_resident_memory_bytes');
    },
    SLOW,
  );

  it('come with the map in the form that is asked for', async () => {
    const maps = await Promise.all(
      ['raw', 'png', 'overlay'].map(async (form) => {
        const { body } = await post(server, [images[0]!], `?map=${form}`);
        return body.results[0]!.map as { data: string; type: string };
      }),
    );
    const [raw, ...pictures] = maps.map(({ data }) => Buffer.from(data, 'base64'));
    const map = new Float32Array(raw!.buffer, raw!.byteOffset, raw!.length / 4);
    expect(map).toHaveLength(64 * 64);
    expect(map.every(Number.isFinite)).toBe(true);
    for (const picture of pictures) {
      expect(await sharp(picture).metadata()).toMatchObject({ width: 64, height: 64, format: 'png' });
    }
    expect(pictures[0]!.equals(pictures[1]!)).toBe(false);
  });

  it('of a form with a bad image are its error and those of the others', async () => {
    await writeFile(folder.path('bad.png'), 'no image');
    const { status, body } = await post(server, [images[0]!, folder.path('bad.png')]);
    expect(status).toBe(200);
    expect(judged(body.results[0]!)).toEqual(rows.get(images[0]!));
    expect(body.results[1]).toMatchObject({ error: { code: 'E_IMAGE' } });
    expect((await post(server, [folder.path('bad.png')])).status).toBe(422);
  });
});

it(
  'two hundred malformed requests are each refused by a status of its own, and nothing is left behind',
  async () => {
    const png = await readFile(images[0]!);
    const large = { width: 4000, height: 4000, channels: 3, background: 'teal' } as const;
    const bomb = await sharp({ create: large }).png({ compressionLevel: 9 }).toBuffer();
    const { port } = server.app.server.address() as AddressInfo;
    const all = range(200).map((i) => malformed(i, testRandom(), { png, bomb, most: 200_000 }));
    for (let first = 0; first < all.length; first += 25) {
      const some = all.slice(first, first + 25);
      const answers = await Promise.all(some.map((each) => sent(each, port)));
      for (const [i, { status, body }] of answers.entries()) {
        const { what, stalls } = some[i]!;
        expect([400, 404, 408, 413, 415, 422], `${what}: ${status} ${body}`).toContain(status);
        if (stalls) expect(status, what).toBe(408);
        expect(body, what).toContain('"message":');
      }
    }
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^wgad_queue_images 0$/m);
    const { body } = await post(server, [images[0]!]);
    expect(judged(body.results[0]!)).toEqual(rows.get(images[0]!));
  },
  SLOW,
);

it('pages, documents and probes are there, and the document names every path', async () => {
  const get = (path: string): Promise<Response> => fetch(`${server.url}${path}`);
  const page = await get('/');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('v1/predict?map=overlay');
  const document = (await (await get('/openapi.json')).json()) as {
    paths: Record<string, Record<string, { responses: object }>>;
    components: { schemas: { Result: { required: string[] } } };
  };
  for (const [path, methods] of Object.entries(document.paths)) {
    const [method] = Object.keys(methods);
    expect(server.app.hasRoute({ url: path, method: method!.toUpperCase() as 'GET' }), path).toBe(true);
  }
  const { body } = await post(server, [images[0]!]);
  expect(Object.keys(body.results[0]!).sort()).toEqual(
    document.components.schemas.Result.required.toSorted(),
  );
  expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
  expect((await get('/readyz')).status).toBe(200);
  const { runs } = (await (await get('/v1/runs')).json()) as { runs: Record<string, unknown>[] };
  expect(runs).toMatchObject([{ name: 'run', ready: true, size: 64, batch: BATCH, weights: body.weights }]);
});

it(
  'beyond its queue a server refuses with 503 and Retry-After, and judges the others',
  async () => {
    const small = await listening({ queue: 3, waitMs: 300 });
    try {
      const replies = await Promise.all(range(12).map(() => post(small, [images[0]!])));
      const refused = replies.filter(({ status }) => status === 503);
      expect(replies.filter(({ status }) => status === 200).length).toBe(12 - refused.length);
      expect(refused.length).toBeGreaterThan(0);
      for (const { headers, body } of refused) {
        expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
        expect(body.error!.code).toBe('E_BUSY');
      }
      // A form that needs more room than there is.
      expect((await post(small, images.slice(0, 5))).status).toBe(503);
    } finally {
      await small.close();
    }
  },
  SLOW,
);

it(
  'a server takes a token and a new version of a run when it is told to, without a gap, and ends once all is answered',
  async () => {
    const tokenFile = folder.path('token');
    await writeFileAtomic(tokenFile, 'first\n');
    const own = await listening({}, { tokenFile, runs: namedRuns([`line=${run()}`]) });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    expect((await post(own, [images[0]!], '?run=line')).status).toBe(401);
    expect((await post(own, [images[0]!], '?run=line', bearer('second'))).status).toBe(401);
    expect((await fetch(`${own.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${own.url}/healthz`)).status).toBe(200);
    const before = await post(own, [images[0]!], '?run=line', bearer('first'));
    expect(before.status).toBe(200);
    await wgadHere(['threshold', run(), '--fpr', '0.3', '--quiet']);
    let over = false;
    const asking = range(2).map(async () => {
      const replies: Reply[] = [];
      while (!over) {
        replies.push(await post(own, [images[1]!], '?run=line', bearer('first')));
        await new Promise((settle) => setTimeout(settle, 50));
      }
      return replies;
    });
    await own.reload();
    over = true;
    for (const { status, body } of (await Promise.all(asking)).flat()) {
      expect(status).toBe(200);
      expect(body.results[0]).toMatchObject({ score: rows.get(images[1]!)!.score });
    }
    await writeFileAtomic(tokenFile, 'second\n');
    await own.reload();
    expect((await post(own, [images[0]!], '?run=line', bearer('first'))).status).toBe(401);
    const after = await post(own, [images[0]!], '?run=line', bearer('second'));
    expect(after.body.weights).not.toBe(before.body.weights);
    // What is under way is answered: all six, once the server has taken them.
    let answered = 0;
    const last = range(6).map(async () => {
      const reply = await post(own, [images[2]!], '', bearer('second'));
      answered++;
      return reply;
    });
    const underWay = async (): Promise<number> => {
      const metrics = await (await fetch(`${own.url}/metrics`, { headers: bearer('second') })).text();
      return Number(/^wgad_queue_images (\d+)$/m.exec(metrics)![1]);
    };
    while (answered + (await underWay()) < last.length) await new Promise((settle) => setTimeout(settle, 5));
    await own.close();
    for (const { status } of await Promise.all(last)) expect(status).toBe(200);
    await expect(fetch(`${own.url}/healthz`)).rejects.toThrow('fetch failed');
  },
  SLOW,
);

it('a server whose runs are not open yet says so, and which it has', async () => {
  const runs = namedRuns([`line=${folder.path('nowhere')}`, `other=${run()}`]);
  const log = { level: 'silent', stream: new PassThrough() };
  const own = await serve({ runs, host: '127.0.0.1', port: 0, limits: LIMITS, version: '0', log });
  await expect(own.opened).rejects.toThrow('nowhere');
  expect((await fetch(`${own.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${own.url}/healthz`)).status).toBe(200);
  expect(await post(own, [images[0]!])).toMatchObject({
    status: 400,
    body: { error: { message: 'several runs are served: say ?run= one of line, other' } },
  });
  expect(await post(own, [images[0]!], '?run=line')).toMatchObject({
    status: 503,
    body: { error: { code: 'E_BUSY', message: 'the run line is not open yet' } },
  });
  // Before its body was read: what is short is received all the same, and the connection used again.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const refused = (bytes: number) =>
    new Promise((settle, reject) => {
      const type = { 'content-type': 'application/octet-stream' };
      const sent = request(`${own.url}/v1/predict?run=line`, { method: 'POST', agent, headers: type });
      sent.on('response', (reply) => {
        const { localPort } = reply.socket;
        const { connection } = reply.headers;
        reply.on('end', () => settle([reply.statusCode, connection, localPort])).resume();
      });
      sent.on('error', reject).end(Buffer.alloc(bytes));
    });
  const short = await refused(100_000);
  expect(short).toEqual([503, 'keep-alive', expect.any(Number)]);
  expect(await refused(100_000)).toEqual(short);
  expect(await refused(3_000_000)).toEqual([503, 'close', expect.any(Number)]);
  agent.destroy();
  await own.close();
});

it('runs have names of their own', () => {
  expect(namedRuns(['a/first', 'line=b/first'])).toEqual([
    { name: 'first', folder: 'a/first' },
    { name: 'line', folder: 'b/first' },
  ]);
  expect(() => namedRuns(['a/first', 'b/first'])).toThrow('two runs are called first: a/first, b/first');
  expect(() => namedRuns(['a/my run'])).toThrow('cannot be that of a run in a request: my run');
});

describe('a lost device', () => {
  const lost = (): GpuError => new GpuError('E_DEVICE_LOST', 'the GPU device was lost');
  const scorerThat = (score: () => Promise<never[]>, closed: string[], name: string): Scorer =>
    ({ score, close: () => closed.push(name) }) as unknown as Scorer;
  const telling = (): { said: string[]; events: DeviceEvents } => {
    const said: string[] = [];
    return {
      said,
      events: { failed: ({ message }) => said.push(message), reopened: () => said.push('open') },
    };
  };
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is opened again, and what was in flight is judged again', async () => {
    const closed: string[] = [];
    let opened = 0;
    const { said, events } = telling();
    const scorer = await steadyScorer(async () => {
      const number = ++opened;
      return scorerThat(
        () => (number === 1 ? Promise.reject(lost()) : Promise.resolve([])),
        closed,
        `${number}`,
      );
    }, events);
    expect(await scorer.score([])).toEqual([]);
    expect([opened, closed, said]).toEqual([2, ['1'], ['the GPU device was lost', 'open']]);
    scorer.close();
    expect(closed).toEqual(['1', '2']);
  });

  it('that cannot be opened again is told to who asks, and tried again by itself until it opens or is closed', async () => {
    vi.useFakeTimers();
    const closed: string[] = [];
    const { said, events } = telling();
    let opened = 0;
    let broken = false;
    const scorer = await steadyScorer(async () => {
      opened += 1;
      if (broken) throw new GpuError('E_NO_ADAPTER', 'none is left');
      return scorerThat(() => (broken ? Promise.reject(lost()) : Promise.resolve([])), closed, `${opened}`);
    }, events);
    const twice = ['none is left', 'none is left'];
    broken = true;
    await expect(scorer.score([])).rejects.toThrow('none is left');
    expect(said).toEqual(['the GPU device was lost', ...twice]);
    // Requests open none: they are refused at once.
    await expect(scorer.score([])).rejects.toThrow('none is left');
    expect([opened, scorer.now]).toEqual([3, null]);
    await vi.advanceTimersByTimeAsync(1000 + 2000);
    expect([opened, said.slice(3)]).toEqual([5, twice]);
    broken = false;
    await vi.advanceTimersByTimeAsync(3999);
    expect(scorer.now).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect([opened, said.slice(5)]).toEqual([6, ['open']]);
    expect(await scorer.score([])).toEqual([]);
    // A pause is never longer than half a minute, and nothing is tried after the end.
    broken = true;
    await expect(scorer.score([])).rejects.toThrow('none is left');
    await vi.advanceTimersByTimeAsync(600_000);
    const tried = opened;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(opened).toBe(tried + 1);
    scorer.close();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([opened, closed]).toEqual([tried + 1, ['1', '6']]);
  });

  it(
    'under requests: all are answered as before, or told; it comes back without a request, with the same weights',
    async () => {
      const { globals } = (await import('webgpu')) as unknown as {
        globals: Record<
          'GPUAdapter' | 'GPU',
          { prototype: Record<string, (...args: unknown[]) => Promise<unknown>> }
        >;
      };
      const [adapters, gpus] = [globals.GPUAdapter.prototype, globals.GPU.prototype];
      const { requestDevice } = adapters;
      const { requestAdapter } = gpus;
      const devices: { destroy(): void }[] = [];
      adapters.requestDevice = async function (...args) {
        const device = (await requestDevice!.apply(this, args)) as { destroy(): void };
        devices.push(device);
        return device;
      };
      await cp(run(), folder.path('losing'), { recursive: true });
      const own = await listening({}, { runs: namedRuns([folder.path('losing')]) });
      try {
        const status = async (): Promise<number> => (await fetch(`${own.url}/readyz`)).status;
        const before = await Promise.all(images.map((path) => post(own, [path])));
        const verdicts = before.map(({ body }) => judged(body.results[0]!));
        // A run that is trained anew meanwhile is not taken before SIGHUP.
        const weights = folder.path('losing', 'weights.safetensors');
        await writeFileAtomic(weights, 'other weights');
        const answers = range(3).flatMap(() => images.map((path) => post(own, [path])));
        devices.at(-1)!.destroy();
        for (const [i, answer] of (await Promise.all(answers)).entries()) {
          expect([answer.status, answer.body.weights]).toEqual([200, before[0]!.body.weights]);
          expect(judged(answer.body.results[0]!)).toEqual(verdicts[i % images.length]);
        }
        expect(devices).toHaveLength(2);
        gpus.requestAdapter = async () => null;
        devices.at(-1)!.destroy();
        const told = await Promise.all(images.map((path) => post(own, [path])));
        expect(new Set(told.map((answer) => answer.status))).toEqual(new Set([503]));
        expect(told[0]!.body.error!.code).toBe('E_BUSY');
        expect(Number(told[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await status()).toBe(503);
        gpus.requestAdapter = requestAdapter!;
        while ((await status()) !== 200) await new Promise((settle) => setTimeout(settle, 50));
        expect(judged((await post(own, [images[1]!])).body.results[0]!)).toEqual(verdicts[1]);
        expect(await (await fetch(`${own.url}/metrics`)).text()).toContain(
          'wgad_devices_reopened_total{run="losing"} 2',
        );
      } finally {
        gpus.requestAdapter = requestAdapter!;
        adapters.requestDevice = requestDevice!;
        await own.close();
      }
    },
    SLOW,
  );
});

it('batches begin when they are full or have waited, and a failed one fails its own items alone', async () => {
  const batches: number[][] = [];
  const { put, idle } = gatherer<number, number>({
    most: 3,
    waitMs: 5,
    async work(items) {
      batches.push([...items]);
      await new Promise((settle) => setTimeout(settle, 1));
      if (items.includes(6)) throw new Error('six');
      return items.map((item) => 10 * item);
    },
  });
  const results = await Promise.allSettled(range(8).map(put));
  expect(batches).toEqual([
    [0, 1, 2],
    [3, 4, 5],
    [6, 7],
  ]);
  expect(results.slice(0, 6)).toEqual(range(6).map((i) => ({ status: 'fulfilled', value: 10 * i })));
  expect(results.slice(6).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await idle();
  expect(await put(9)).toBe(90);
});

it(
  'wgad serve says where it listens, reads runs again at SIGHUP, and ends at SIGTERM with 0',
  async () => {
    const { child, done } = start(['serve', run(), '--port', '0', '--json', '--wait', '1'], {
      WGAD_TOKEN: 'secret',
    });
    let [out, log] = ['', ''];
    child.stdout!.on('data', (text: Buffer) => {
      out += text.toString();
    });
    child.stderr!.on('data', (text: Buffer) => {
      log += text.toString();
    });
    const until = async (is: () => boolean): Promise<void> => {
      while (!is() && child.exitCode === null) await new Promise((settle) => setTimeout(settle, 10));
    };
    await until(() => out.includes('\n'));
    const { url } = JSON.parse(out);
    const form = { method: 'POST', body: await readFile(images[0]!) };
    const type = { 'content-type': 'image/png' };
    expect((await fetch(`${url}/v1/predict`, { ...form, headers: type })).status).toBe(401);
    const headers = { ...type, authorization: 'Bearer secret' };
    const reply = await fetch(`${url}/v1/predict`, { ...form, headers });
    expect(((await reply.json()) as Reply['body']).results[0]).toMatchObject({
      score: rows.get(images[0]!)!.score,
    });
    child.kill('SIGHUP');
    await until(() => log.includes('taken anew'));
    expect((await fetch(`${url}/v1/predict`, { ...form, headers })).status).toBe(200);
    child.kill('SIGTERM');
    const { code, stderr } = await done;
    expect(code, stderr).toBe(0);
    const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(lines.map((line) => JSON.parse(line).msg)).toContain('answering what is under way, then stopping');
    expect(stderr).not.toContain('secret');
    const nowhere = await wgadHere(['serve', join(run(), 'nowhere'), '--port', '0', '--quiet']);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('E_FILE')]);
    expect((await readdir(run())).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  },
  SLOW,
);
