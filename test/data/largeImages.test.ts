import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DecodeWork, doWork } from '../../src/data/decodeWork.ts';
import { decoded } from '../../src/data/decoding.ts';
import { frameOf } from '../../src/data/frame.ts';
import { ImageLoader, loadPixels, sampleMask } from '../../src/data/index.ts';
import { start } from '../cli/wgad.ts';

/** More than is decoded in a thread. */
const [WIDTH, HEIGHT] = [3500, 3300];
let folder = '';
const files = {
  rgb: 'rgb.png',
  deep: 'deep.png',
  mask: 'mask.png',
  jpeg: 'x.jpg',
  cut: 'cut.png',
  bmp: 'x.bmp',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-large-'));
  const tile = Buffer.from(Array.from({ length: 8 * 6 * 3 }, (_, i) => (i * 37) % 256));
  const image = (width = WIDTH, height = HEIGHT) =>
    sharp(tile, { raw: { width: 8, height: 6, channels: 3 } }).resize(width, height, { kernel: 'nearest' });
  const rgb = await image().png({ compressionLevel: 1 }).toBuffer();
  const bmp = Buffer.alloc(54 + WIDTH * HEIGHT * 3, 0x35);
  bmp.write('BM');
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(WIDTH, 18);
  bmp.writeInt32LE(HEIGHT, 22);
  bmp.writeUInt16LE(24, 28);
  const contents: Record<keyof typeof files, Buffer> = {
    rgb,
    deep: await image(2600, 2300).toColourspace('rgb16').png({ compressionLevel: 1 }).toBuffer(),
    mask: await image().greyscale().threshold(128).png({ compressionLevel: 1 }).toBuffer(),
    jpeg: await image().jpeg({ progressive: true }).toBuffer(),
    cut: rgb.subarray(0, rgb.length / 2),
    bmp,
  };
  for (const [name, bytes] of Object.entries(contents)) {
    await writeFile(join(folder, files[name as keyof typeof files]), bytes);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const frame = frameOf({ size: 40, resize: 48 });
const ending = (work: Promise<unknown>): Promise<unknown> =>
  work.catch(({ code, message, where }) => ({ code, message, where }));

describe('a large image is decoded in a process of its own', () => {
  it.each(Object.values(files))(
    'a large image comes out of its process as out of this one: %s',
    async (name) => {
      const path = join(folder, name);
      const works: DecodeWork[] = [
        { what: 'pixels', path, frame },
        { what: 'facts', path },
        { what: 'mask', path, frame, rule: 'half' },
      ];
      for (const work of works) expect(await ending(decoded(work))).toEqual(await ending(doWork(work)));
    },
  );
});

/** Processes that one has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const text = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '');
    found.push(...text.split(' ').filter(Boolean).map(Number));
  }
  return found;
}

/** Ends the decoding processes that wait for more work. */
async function endIdle(): Promise<void> {
  for (const child of await childrenOf(process.pid)) {
    if (!(await isDecoding(child))) continue;
    process.kill(child, 'SIGKILL');
    // Until this process has taken note of it.
    while ((await childrenOf(process.pid)).includes(child)) await new Promise((next) => setTimeout(next, 5));
    await new Promise((next) => setImmediate(next));
  }
}

const isDecoding = async (pid: number): Promise<boolean> =>
  (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('decodeChild');

/** Waits until a process starts to decode for `pid`, and stops it: its decode never ends. @returns its id. */
async function stopDecoding(pid: number): Promise<number> {
  for (;;) {
    for (const child of await childrenOf(pid)) {
      if (!(await isDecoding(child))) continue;
      process.kill(child, 'SIGSTOP');
      return child;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resolves once there is no such process, or only what its parent has not yet taken note of. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) Z/.test(state)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.runIf(process.platform === 'linux')('a decode that does not end', () => {
  it('a decode that does not end is given up by a loader that is closed or stopped', async () => {
    for (const stopped of [true, false]) {
      await endIdle();
      const stop = new AbortController();
      const loader = new ImageLoader({ size: 32, workers: 1, signal: stop.signal });
      const load = ending(loader.load(join(folder, files.rgb)));
      const child = await stopDecoding(process.pid);
      if (stopped) stop.abort();
      await loader.close();
      const { code } = (await load) as { code: unknown };
      expect(code).toBe(stopped ? (stop.signal.reason as DOMException).code : 'E_IMAGE');
      await gone(child);
    }
    // Nothing of the budget is lost.
    expect(await loadPixels(join(folder, files.rgb), 32)).toHaveLength(3 * 32 ** 2);
  });

  it('a decode that does not end is given up where a mask’s reader is stopped', async () => {
    await endIdle();
    const [path, maskPath] = [files.rgb, files.mask].map((name) => join(folder, name));
    const sample = {
      path: path!,
      maskPath: maskPath!,
      id: 'x',
      className: 'a',
      defect: 'bent',
      anomalous: true,
    };
    const stop = new AbortController();
    const read = sampleMask(sample, { size: 32 }, 'any', stop.signal).catch((error: unknown) => error);
    const child = await stopDecoding(process.pid);
    stop.abort();
    expect(await read).toBe(stop.signal.reason);
    await gone(child);
  });

  it('a decode whose process is killed is refused by the name of its image', async () => {
    await endIdle();
    const load = ending(loadPixels(join(folder, files.rgb), 32));
    process.kill(await stopDecoding(process.pid), 'SIGKILL');
    expect(await load).toMatchObject({ code: 'E_IMAGE', message: expect.stringContaining(files.rgb) });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('a decode that does not end does not hold the process at %s', async (signal, expected) => {
    const { child, done } = start(['data', 'check', folder]);
    const decoding = await stopDecoding(child.pid!);
    child.kill(signal);
    expect((await done).code).toBe(expected);
    await gone(decoding);
  });

  it('a decode that does not end ends with a process that is killed', async () => {
    const { child, done } = start(['data', 'check', folder]);
    const decoding = await stopDecoding(child.pid!);
    child.kill('SIGKILL');
    process.kill(decoding, 'SIGCONT');
    await done;
    await gone(decoding);
  });
});
