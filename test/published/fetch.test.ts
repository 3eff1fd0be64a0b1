import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { fetchWith } from '../../src/cli/verbs/weightsFetch.ts';
import { WgadError } from '../../src/errors.ts';
import { Address } from '../../src/published/address.ts';
import { weightsCache } from '../../src/published/cache.ts';
import { type FetchOptions, fetchPublished } from '../../src/published/fetchPublished.ts';
import { checksumIn, PUBLISHED, type Published } from '../../src/published/table.ts';
import { RandomStream } from '../../src/random.ts';
import { type ServerFaults, serveWeights, type WeightServer } from './weightServer.ts';

const MEBI = 2 ** 20;
const random = new RandomStream(5);
const body = Uint8Array.from({ length: 3 * MEBI }, () => random.integer(256));
const sha256 = createHash('sha256').update(body).digest('hex');

let folder = '';
let server: WeightServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-fetch-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

/** A published file that a server of this test has. */
async function published(faults: ServerFaults = {}, sent = body): Promise<Published> {
  await server?.close();
  server = await serveWeights(sent, faults);
  const file = `net-${sha256.slice(0, 8)}.pth`;
  return { name: 'net', encoder: 'resnet18', file, base: server.url, mebibytes: 3, note: '' };
}
const get = (what: Published, more: Partial<FetchOptions> = {}) => fetchPublished(what, { folder, ...more });
const at = (what: Published, more = ''): string => join(folder, what.file + more);

describe('fetching', () => {
  it('a fetch brings the file, its checksum beside it, and reports every byte', async () => {
    const what = await published();
    let last = [0, 0];
    const got = await get(what, {
      onProgress: (bytes, of) => {
        expect(bytes).toBeGreaterThan(last[0]!);
        last = [bytes, of];
      },
    });
    expect(got).toMatchObject({ path: at(what), sha256, bytes: body.length, known: false });
    expect(got!.checked).toContain(`the first 8 of 64 digits are as published (${sha256.slice(0, 8)})`);
    expect((await readFile(at(what))).equals(body)).toBe(true);
    expect(last).toEqual([body.length, body.length]);
    expect(await readFile(at(what, '.sha256'), 'utf8')).toBe(`${sha256}  ${what.file}\n`);
    expect((await readdir(folder)).sort()).toEqual([what.file, `${what.file}.sha256`]);
  });

  it('a fetch that has every byte minds no connection that ends', async () => {
    for (let i = 0; i < 8; i++) {
      const what = await published({ hangsUp: true });
      expect((await get(what))!.sha256).toBe(sha256);
      await rm(at(what));
    }
  });

  it('a fetch asks again for a lost tail, three times at most, and not for more than a tail', async () => {
    const KIBI = 2 ** 10;
    const asked = async (lacks: number[]): Promise<{ ranges: (string | undefined)[]; said: string }> => {
      const what = await published({ lacks });
      const said = await get(what).then(
        (got) => got!.sha256,
        (error: Error) => error.message,
      );
      const ranges = server!.asked.map(({ range }) => range);
      await rm(at(what), { force: true });
      await rm(at(what, '.part'), { force: true });
      return { ranges, said };
    };
    // How much of what was sent is lost with the connection is up to the system.
    const rest = expect.stringMatching(/^bytes=3\d{6}-$/);
    expect(await asked([1])).toEqual({ ranges: [undefined, rest], said: sha256 });
    expect(await asked([KIBI, 1])).toEqual({ ranges: [undefined, rest, rest], said: sha256 });
    const broken = expect.stringMatching(/broke off after \d+ of 3145728 bytes$/);
    expect(await asked([9, 5, 4, 3])).toEqual({ ranges: [undefined, rest, rest], said: broken });
    expect(await asked([257 * KIBI])).toEqual({ ranges: [undefined], said: broken });
  });

  it('a fetch byte by byte takes the start for what it is once there is enough of it', async () => {
    // Two letters are a text; a zip archive begins so.
    const zip = Buffer.concat([Buffer.from('PK\x03\x04'), body.subarray(4)]);
    const sum = createHash('sha256').update(zip).digest('hex');
    for (const begins of [1, 2, 100]) {
      const what = { ...(await published({ begins }, zip)), file: `zip${begins}-${sum.slice(0, 8)}.pth` };
      expect((await get(what))!.sha256).toBe(sum);
    }
  });

  it('a fetch asks no server for what is there and whole', async () => {
    const what = await published();
    await get(what);
    expect(await get(what, { offline: true })).toMatchObject({ sha256, known: true });
    expect(await get(what)).toMatchObject({ sha256, known: true });
    expect(server!.asked).toHaveLength(1);
  });

  it('a fetch replaces a cached file that is damaged, and says so', async () => {
    const what = await published();
    await writeFile(at(what), 'damaged');
    const said: string[] = [];
    expect(await get(what, { say: (text) => void said.push(text) })).toMatchObject({ sha256, known: false });
    expect(said.join()).toContain(`expected ${sha256.slice(0, 8)}: deleted`);
  });

  it('a fetch goes on where a broken connection ended', async () => {
    await expect(get(await published({ breaksAfter: MEBI }))).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringMatching(/broke off after \d+ of 3145728 bytes/),
      fix: expect.stringContaining('goes on from there'),
    });
    const what = await published();
    const kept = (await stat(at(what, '.part'))).size;
    expect(kept).toBeGreaterThan(0);
    expect(await get(what)).toMatchObject({ sha256 });
    expect(server!.asked).toEqual([{ path: `/${what.file}`, range: `bytes=${kept}-` }]);
  });

  it('a fetch starts over where the server ignores ranges', async () => {
    const what = await published({ ignoresRanges: true });
    await writeFile(at(what, '.part'), body.subarray(7, MEBI));
    expect(await get(what)).toMatchObject({ sha256 });
    expect(server!.asked[0]!.range).toBe(`bytes=${MEBI - 7}-`);
  });

  it('a fetch needs no byte more where all had come, and drops what is too much', async () => {
    const what = await published();
    await writeFile(at(what, '.part'), body);
    expect(await get(what)).toMatchObject({ sha256 });
    await rm(at(what));
    await writeFile(at(what, '.part'), Buffer.concat([body, body]));
    expect(await get(what)).toMatchObject({ sha256, bytes: body.length });
  });

  it('a fetch takes a shorter file without a length for what it is', async () => {
    const what = await published({ endsAfter: MEBI });
    await expect(get(what)).rejects.toThrow(`ended after ${MEBI} of about ${3 * MEBI} bytes`);
    expect((await stat(at(what, '.part'))).size).toBe(MEBI);
  });

  it('a fetch deletes a file of another checksum, and says so', async () => {
    const what = await published({}, Uint8Array.from(body).fill(1, 100, 200));
    await expect(get(what)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringMatching(/its SHA-256 begins with [0-9a-f]{8}, expected [0-9a-f]{8}: deleted/),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([404, 403, 500])('a fetch says that the server answered %i', async (status) => {
    const what = await published({ status });
    await expect(get(what)).rejects.toThrow(`${server!.url}/${what.file}: answered ${status} `);
  });

  it('a fetch stops at a file that is far too long', async () => {
    const what = await published({}, new Uint8Array(4 * MEBI));
    await expect(get(what)).rejects.toThrow('sends 4194304 bytes, expected about 3145728');
    expect((await stat(at(what, '.part'))).size).toBe(0);
  });

  it('a fetch says that nobody answers', async () => {
    const what = await published();
    await server!.close();
    await expect(get(what)).rejects.toThrow(`${what.file}: no answer: `);
  });

  it('a fetch offline takes the cache or nothing', async () => {
    const what = await published();
    await expect(get(what, { offline: true })).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(`${at(what)}: is not there`),
      fix: expect.stringContaining('wgad weights fetch net'),
    });
    expect(server!.asked).toEqual([]);
  });

  it('a fetch waits for no lock that a crash left empty, but for one just made', async () => {
    const what = await published();
    const lock = at(what, '.lock');
    await writeFile(lock, '');
    await expect(get(what)).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining('is being fetched by process unknown'),
    });
    await utimes(lock, new Date(0), new Date(0));
    expect(await get(what)).toMatchObject({ known: false });
    expect(await readdir(folder)).not.toContain(`${what.file}.lock`);
  });

  it('a fetch takes a mirror’s address for the publisher’s', async () => {
    const what = { ...(await published()), base: 'http://127.0.0.1:1' };
    expect(await get(what, { from: `${server!.url}/mirror/` })).toMatchObject({ sha256 });
    expect(server!.asked[0]!.path).toBe(`/mirror/${what.file}`);
    await rm(at(what));
    for (const from of ['ftp://example.org', 'somewhere']) {
      await expect(get(what, { from })).rejects.toThrow(`--from expects an http or https URL, got ${from}`);
    }
  });
});

describe('secrets in addresses', () => {
  const wants = 'ada:pa:ss wörd';
  const [user, password] = ['ada', encodeURIComponent('pa:ss wörd')];
  const secrets = /pa:ss|pa%3Ass|t0ken|YWRh/;
  const withUser = (url: string): string => url.replace('://', `://${user}:${password}@`);

  it('a user name and password are sent, also past a redirect of the same server, and not to another', async () => {
    const what = await published({ wants });
    expect(await get(what, { from: `${withUser(server!.url)}/sub/?key=t0ken` })).toMatchObject({ sha256 });
    expect(server!.asked[0]!.path).toBe(`/sub/${what.file}?key=t0ken`);
    await rm(at(what));
    const first = new Address(new URL(`${withUser(server!.url)}/x`));
    const sentTo = (location: string): boolean =>
      'authorization' in first.redirected(location)!.request().headers;
    expect(['/y', 'y?sig=t0ken', `${server!.url}/y`].map(sentTo)).toEqual([true, true, true]);
    expect(['http://127.0.0.1:9/y', 'https://127.0.0.1/y', 'http://example.org/y'].map(sentTo)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it.each<[string, ServerFaults, (url: string) => string]>([
    ['refused', { status: 403 }, (url) => `${withUser(url)}?token=t0ken#t0ken`],
    ['no answer', { resets: true }, (url) => `${withUser(url)}?token=t0ken`],
    ['redirected for ever', { redirects: 'self' }, (url) => `${withUser(url)}?token=t0ken`],
    ['redirected elsewhere', { redirects: 'ftp://ada:pa:ss@example.org/x?t0ken' }, (url) => url],
    ['redirected to text', { redirects: 'http://ada:pa:ss@[x?t0ken' }, (url) => url],
    ['redirected to nobody', { redirects: 'http://ada:pa:ss@127.0.0.1:9/x?t0ken' }, (url) => url],
    ['another file', { lengthOff: -2 * MEBI }, (url) => `${withUser(url)}?token=t0ken`],
    ['no web address', {}, () => 'ftp://ada:pa:ss@example.org/?t0ken'],
    ['no address', {}, () => 'ada:pa:ss@example.org?t0ken'],
    ['not there', {}, (url) => `${withUser(url)}?token=t0ken`],
  ])('a secret of an address is in no message: %s', async (name, faults, address) => {
    const what = await published(faults);
    const said: string[] = [];
    const more = {
      from: address(server!.url),
      offline: name === 'not there',
      say: (text: string) => void said.push(text),
    };
    const error = (await get(what, more).catch((cause) => cause)) as WgadError;
    expect(error).toBeInstanceOf(WgadError);
    expect([error.message, error.fix, error.where, error.stack, ...said].join('\n')).not.toMatch(secrets);
    expect(error.message + error.fix).toMatch(/127\.0\.0\.1|example\.org|--from expects/);
  });
});

describe('servers that lie, drip or fall silent', () => {
  const pace = { silenceMs: 2000, least: 100_000, windowMs: 300 };
  /** Refused with a typed error; what is left in the part; then an honest server's file is brought all the same. */
  async function refused(faults: ServerFaults, message: string, start = 0): Promise<number> {
    const what = await published(faults);
    if (start > 0) await writeFile(at(what, '.part'), body.subarray(0, start));
    await expect(get(what, { pace })).rejects.toMatchObject({
      code: 'E_FILE',
      message: expect.stringContaining(message),
      fix: expect.stringMatching(/./),
    });
    expect(await stat(at(what)).catch(() => null)).toBeNull();
    const left = await stat(at(what, '.part')).then(
      ({ size }) => size,
      () => 0,
    );
    expect(await get(await published())).toMatchObject({ sha256 });
    await rm(at(what));
    return left;
  }

  it('a server that sends no answer is given up', async () =>
    void (await refused({ isMute: true }, 'sent nothing for 2 s, 0 bytes are here')));
  it('a server that sends no answer to the rest is given up', async () => {
    expect(await refused({ isMute: true }, 'sent nothing for 2 s', MEBI)).toBe(MEBI);
  });
  it('a server silent in the middle is given up, and what came is kept', async () => {
    expect(await refused({ stalls: true }, 'sent nothing for 2 s')).toBe(1.5 * MEBI);
  });
  it('a server that sends a few bytes for ever is given up', async () => {
    expect(await refused({ drips: 10 }, 'sent less than 100000 bytes a second for 0.3 s')).toBeGreaterThan(0);
  });
  it('a server is not blamed for time in which this process stood still', async () => {
    const what = await published({ begins: MEBI });
    let isFirst = true;
    const standStill = (): void => {
      if (isFirst) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * 500);
      isFirst = false;
    };
    const short = { silenceMs: 500, least: 100_000, windowMs: 300 };
    expect(await get(what, { pace: short, onProgress: standStill })).toMatchObject({ bytes: body.length });
  });
  it('a slow server above the floor is waited for', async () => {
    const what = await published({ drips: 40_000 });
    // The last pieces end the file: the server never says that it is over.
    const got = await get(what, { pace: { ...pace, least: 1000 } });
    expect(got).toMatchObject({ sha256 });
  });
  it('a connection that is reset is refused', async () =>
    void (await refused({ resets: true }, 'no answer: ')));
  it('a longer length than the file’s is refused', async () =>
    void (await refused({ lengthOff: 100, ignoresRanges: true }, 'of 3145828 bytes')));
  it('a longer length than the file’s is forgiven where the server says that nothing is left', async () => {
    expect((await get(await published({ lengthOff: 100 })))!.sha256).toBe(sha256);
  });
  it('a shorter length than the file’s is refused', async () =>
    void (await refused({ lengthOff: -100 }, 'expected')));
  it('a length of another file is refused', async () =>
    void (await refused({ lengthOff: -2 * MEBI }, 'sends 1048576 bytes, expected about 3145728')));
  it('an answer without end is refused', async () => {
    expect(await refused({ isEndless: true }, 'expected about 3145728: not the published file')).toBe(0);
  });
  it('redirects in a circle are refused', async () =>
    void (await refused({ redirects: 'self' }, 'redirects more than 5 times')));
  it('redirects to no web address are refused', async () => {
    await refused({ redirects: 'file:///etc/passwd' }, 'redirects to file:///etc/passwd, expected an http');
    await refused({ redirects: '' }, 'redirects to nowhere');
  });
  it.each([
    ['text/html', '<!DOCTYPE html><html><body>Sign in</body></html>', 'sends an HTML page'],
    ['application/json', '{"error": "rate limited"}', 'sends an error message of a server'],
    ['text/plain', 'version https://git-lfs.github.com/spec/v1\nsize 3\n', 'sends a Git LFS pointer'],
    ['application/octet-stream', '<html>', 'sends an HTML page'],
  ])('a page of %s with 200 is refused', async (type, text, message) => {
    expect(await refused({ page: { type, text } }, message)).toBe(0);
  });
  it('another part than asked for is refused', async () =>
    void (await refused({ rangeOff: { bytes: 5, said: true } }, `sends from byte ${MEBI + 5}`, MEBI)));

  it('another part than its answer says is found by the checksum, and the file comes from its beginning', async () => {
    const what = await published({ rangeOff: { bytes: 5, said: false } });
    await writeFile(at(what, '.part'), body.subarray(0, MEBI));
    const said: string[] = [];
    const got = get(what, { say: (text) => void said.push(text) });
    // 5 bytes are missing at its end.
    await expect(got).rejects.toMatchObject({ code: 'E_FILE' });
    await rm(at(what, '.part'));
    expect(await get(what)).toMatchObject({ sha256 });
  });
  it('a file that changed between its parts comes once more from its beginning, said', async () => {
    const what = await published();
    await writeFile(at(what, '.part'), Uint8Array.from(body.subarray(0, MEBI)).fill(7, 10, 20));
    const said: string[] = [];
    expect(await get(what, { say: (text) => void said.push(text) })).toMatchObject({ sha256 });
    expect(said.join()).toContain('fetched once more from its beginning');
    expect(server!.asked.map(({ range }) => range)).toEqual([`bytes=${MEBI}-`, undefined]);
  });
  it('a packed answer is unpacked, from the beginning where a part was asked for', async () => {
    const what = await published({ gzips: true });
    expect(await get(what)).toMatchObject({ sha256 });
    await rm(at(what));
    await writeFile(at(what, '.part'), body.subarray(0, MEBI));
    expect(await get(what)).toMatchObject({ sha256 });
    expect(server!.asked.map(({ range }) => range)).toEqual([undefined, `bytes=${MEBI}-`, undefined]);
  });
  it('the whole checksum is compared where the publisher gives it', async () => {
    const what = { ...(await published()), sha256 };
    expect((await get(what))!.checked).toBe('all 64 digits are as published');
    await rm(at(what));
    const other = { ...what, sha256: sha256.slice(0, 63) + (sha256.endsWith('0') ? '1' : '0') };
    await expect(get(other)).rejects.toThrow(`its SHA-256 is ${sha256}, expected ${other.sha256}: deleted`);
  });
});

describe('the command', () => {
  const context = (signal: AbortSignal): Context & { said: string[]; results: unknown[] } => {
    const [said, results]: [string[], unknown[]] = [[], []];
    return {
      gpu: {},
      seed: 0,
      json: false,
      quiet: false,
      verbose: false,
      signal,
      said,
      results,
      endAtSignal: () => {},
      onHangUp: () => {},
      result: (value, text) => void results.push(value, text),
      line: async () => true,
      say: (text) => void said.push(text),
      progress: () => ({
        update: (done, total, note) => void said.push(`${done}/${total} ${note}`),
        finish() {},
      }),
      inside: () => Promise.reject(new Error('not a command that runs others')),
    };
  };

  it('weights fetch prints the path and the whole checksum, and counts mebibytes', async () => {
    const what = await published();
    const its = context(new AbortController().signal);
    expect(await fetchWith(its, what, { folder })).toBe(0);
    expect(its.results[0]).toMatchObject({ name: 'net', file: at(what), sha256, bytes: body.length });
    expect(its.results[1]).toContain(
      `${at(what)}: ${body.length} bytes\nsha256 ${sha256}\nits size and the first 8`,
    );
    expect(its.said.at(-1)).toMatch(/^3\/3 MiB, \d+\.\d MiB\/s$/);
  });

  it('weights fetch stopped by Ctrl-C keeps what has come, and goes on from there', async () => {
    const stopped = new AbortController();
    const its = context(stopped.signal);
    const running = fetchWith(
      { ...its, progress: () => ({ update: () => stopped.abort(), finish() {} }) },
      await published({ stalls: true }),
      { folder },
    );
    expect(await running).toBe(130);
    expect(its.said).toEqual(['stopped; go on with: wgad weights fetch net']);
    const what = await published();
    const kept = (await stat(at(what, '.part'))).size;
    expect(kept).toBeGreaterThan(0);
    expect(await fetchWith(context(new AbortController().signal), what, { folder })).toBe(0);
    expect(server!.asked[0]!.range).toBe(`bytes=${kept}-`);
    expect((await readFile(at(what))).equals(body)).toBe(true);
  });
});

describe('the table', () => {
  it('the table of published weights has names, files and checksums, each once', () => {
    const unique = (values: string[]): void => expect(new Set(values).size).toBe(values.length);
    unique(PUBLISHED.map(({ name }) => name));
    unique(PUBLISHED.map(({ file }) => checksumIn(file)));
    for (const { base, mebibytes } of PUBLISHED) {
      expect(base).toMatch(/^https:.*[^/]$/);
      expect(mebibytes).toBeGreaterThan(15);
    }
  });
});

describe('the cache', () => {
  const where = (platform: NodeJS.Platform, env: Record<string, string>): string =>
    weightsCache({ platform, env, home: '/home/ada' });
  it.each<[NodeJS.Platform, Record<string, string>, string]>([
    ['linux', {}, '/home/ada/.cache/wgad/weights'],
    ['linux', { XDG_CACHE_HOME: '/var/cache/ada' }, '/var/cache/ada/wgad/weights'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/ada/.cache/wgad/weights'],
    ['darwin', { XDG_CACHE_HOME: '/x' }, '/home/ada/Library/Caches/wgad/weights'],
    ['win32', { LOCALAPPDATA: '/local' }, '/local/wgad/weights'],
    ['win32', {}, '/home/ada/AppData/Local/wgad/weights'],
    ['linux', { WGAD_CACHE: '/mine', XDG_CACHE_HOME: '/x' }, '/mine/weights'],
  ])('the cache on %s with %j is %s', (platform, env, path) => {
    // On Windows itself, join writes backslashes.
    expect(where(platform, env).replaceAll('\\', '/')).toBe(path);
  });
});
