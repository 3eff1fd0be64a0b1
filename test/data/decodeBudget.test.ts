import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeBudget } from '../../src/data/decodeBudget.ts';
import { ImageLoader, loadImage, loadPixels } from '../../src/data/index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-budget-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const written = async (name: string, bytes: Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the budget of decodes', () => {
  it('the budget of decodes is never exceeded, is given in order, and all of it to one that asks for more', async () => {
    const budget = decodeBudget(100);
    const order: string[] = [];
    let [held, most] = [0, 0];
    const work = async (name: string, bytes: number | 'all'): Promise<void> => {
      const release = await budget.take(bytes);
      const taken = bytes === 'all' ? 100 : Math.min(100, bytes);
      held += taken;
      most = Math.max(most, held);
      order.push(name);
      await turn();
      held -= taken;
      release();
    };
    await Promise.all([
      work('a', 60),
      work('b', 60),
      work('tiny', 1),
      work('huge', 1e9),
      work('c', 10),
      work('alone', 'all'),
      work('d', 0),
    ]);
    expect(order).toEqual(['a', 'b', 'tiny', 'huge', 'c', 'alone', 'd']);
    expect(most).toBeLessThanOrEqual(100);
    expect(held).toBe(0);
  });

  it('the budget of decodes comes back from threads that are stopped while they decode', async () => {
    const image = await sharp({ create: { width: 2000, height: 2000, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const path = await written('red.png', image);
    const loader = new ImageLoader({ size: 32, workers: 2 });
    const loads = Array.from({ length: 6 }, (_, i) =>
      loader.load(i % 2 === 0 ? path : join(folder, '.', `red.png`)),
    );
    const ended = Promise.allSettled(loads);
    await turn();
    await loader.close();
    await ended;
    // All of it is there again: an image that fails is tried once more with the whole of it.
    const bad = await written('bad.png', image.subarray(0, image.length / 2));
    await expect(loadImage(bad, 32)).rejects.toMatchObject({ code: 'E_IMAGE' });
  });
});

describe('the reason for a refused image', () => {
  it('a refused image has its own reason, however many are decoded at once', async () => {
    const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'blue' } })
      .png()
      .toBuffer();
    const jpeg = await sharp(png).jpeg().toBuffer();
    const tiff = await sharp(png).tiff().toBuffer();
    const files = Array.from({ length: 60 }, (_, i) => {
      const from = [png, jpeg, tiff][i % 3]!;
      return { name: `${i}.png`, bytes: from.subarray(0, Math.floor(from.length * (0.3 + (i % 7) / 12))) };
    });
    const paths = await Promise.all(files.map(({ name, bytes }) => written(name, bytes)));
    const reason = (path: string): Promise<string> =>
      loadPixels(path, 32).then(
        () => 'decoded',
        (error: Error) => error.message,
      );
    const together = await Promise.all(paths.map(reason));
    const alone: string[] = [];
    for (const path of paths) alone.push(await reason(path));
    expect(together).toEqual(alone);
    expect(together.join('\n')).not.toContain('Unknown error');
    expect(new Set(together.filter((text) => text !== 'decoded')).size).toBeGreaterThan(3);
  });
});

describe('images that are none, or too large', () => {
  it.each<[string, () => Promise<Uint8Array> | Uint8Array, string]>([
    ['a bomb', () => bomb(50_000, 50_000), 'it has 50000x50000 pixels; at most 100000000 are read'],
    [
      'more samples than memory is meant for',
      () => bomb(9900, 9900, { bits: 16, colour: 2 }),
      'its 9900x9900 pixels take 588060000 bytes, in 3 channels of type ushort; at most 536870912 are read',
    ],
    ['an empty file', () => new Uint8Array(0), 'the file is empty'],
    [
      'an SVG that includes another file',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
      'it is not a PNG, JPEG, WebP, TIFF or BMP file',
    ],
    [
      'a Git LFS pointer',
      () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n'),
      'TIFF or BMP file but a Git LFS pointer, not the file itself (5 bytes)',
    ],
    ['a page', () => Buffer.from('<!doctype html><html></html>'), 'BMP file but an HTML page'],
    ['HEIC', () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0'), 'BMP file but a video or a HEIF image'],
    ['a BigTIFF', () => Buffer.from('II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0'), 'BMP file but a BigTIFF image'],
    ['a PNG without pixels', () => bomb(0, 5), 'its header gives it 0x5 pixels'],
    [
      'a PNG of absurd sides',
      () => bomb(2 ** 31 - 1, 2 ** 31 - 1),
      'its header gives it 2147483647x2147483647',
    ],
    [
      'a PNG cut in its header',
      async () => (await bomb(8, 8)).subarray(0, 30),
      'it is cut short: there are 30 bytes',
    ],
    [
      'a JPEG of many scans',
      async () =>
        Buffer.concat([
          await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
            .jpeg()
            .toBuffer(),
          ...Array.from({ length: 500 }, () => Buffer.from([0xff, 0xda, 0, 8])),
        ]),
      'it is a progressive JPEG of more than 500 scans',
    ],
    ['a GIF', () => Buffer.from('GIF89a\x01\0\x01\0'), 'it is not a PNG'],
    ['text under an image name', () => Buffer.from('hello'), 'it is not a PNG'],
  ])('no image, or one too large, is refused by name: %s', async (_, bytes, message) => {
    const path = await written('x.png', await bytes());
    await expect(loadImage(path, 32)).rejects.toThrow(message);
    await expect(loadImage(path, 32)).rejects.toThrow(path);
  });

  it('images of another kind than their name says, of CMYK and the first frame of an animation are decoded', async () => {
    const red = sharp({ create: { width: 20, height: 20, channels: 3, background: { r: 250, g: 5, b: 5 } } });
    const frames = await sharp(Buffer.alloc(20 * 40 * 3, 90), {
      raw: { width: 20, height: 40, channels: 3, pageHeight: 20 },
    })
      .webp({ loop: 0, lossless: true })
      .toBuffer();
    for (const bytes of [
      await red.clone().jpeg().toBuffer(),
      await red.clone().toColourspace('cmyk').jpeg().toBuffer(),
      frames,
    ]) {
      const path = await written('other.png', bytes);
      const pixels = await loadPixels(path, 10);
      expect(pixels).toHaveLength(300);
    }
  });
});

/** A PNG of zeros that claims so many pixels, and perhaps another type of them. */
async function bomb(
  width: number,
  height: number,
  type?: { bits: number; colour: number },
): Promise<Uint8Array> {
  const small = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'black' } })
    .png()
    .toBuffer();
  const bytes = Buffer.from(small);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  if (type) bytes.set([type.bits, type.colour], 24);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

it('a loader that is stopped rejects what it loads with the reason of the stop', async () => {
  const path = await written(
    'large.png',
    await sharp({ create: { width: 3000, height: 3000, channels: 3, background: 'green' } })
      .png()
      .toBuffer(),
  );
  const stop = new AbortController();
  const loader = new ImageLoader({ size: 32, workers: 1, signal: stop.signal });
  const loads = [loader.load(path), loader.load(path), loader.loadBatch([path])];
  const ended = Promise.allSettled(loads);
  stop.abort();
  for (const each of await ended)
    expect(each).toMatchObject({ status: 'rejected', reason: stop.signal.reason });
  await loader.close();
});

it('a loader whose signal was aborted before it was made loads nothing', async () => {
  const image = sharp({ create: { width: 4, height: 4, channels: 3, background: 'green' } });
  const path = await written('small.png', await image.png().toBuffer());
  const signal = AbortSignal.abort();
  const loader = new ImageLoader({ size: 32, workers: 1, signal });
  await expect(loader.load(path)).rejects.toBe(signal.reason);
  await loader.close();
});
