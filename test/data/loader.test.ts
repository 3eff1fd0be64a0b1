import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawAnomaly, planAnomaly } from '../../src/data/anomalies/index.ts';
import { ImageLoader, type ImageLoaderOptions } from '../../src/data/loader.ts';
import { loadImage, loadPixels } from '../../src/data/loadImage.ts';
import { normalize } from '../../src/data/normalize.ts';
import { cutTile, tileGrid } from '../../src/data/tiles.ts';
import { ImageError } from '../../src/errors.ts';
import { seeded } from '../seed.ts';

let folder = '';
const paths: string[] = [];
const random = seeded('loader');
const SIZE = 24;
const BYTES = 3 * SIZE * SIZE;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-loader-'));
  for (let i = 0; i < 12; i++) {
    const path = join(folder, `${i}.png`);
    const data = Buffer.from(Array.from({ length: 50 * 40 * 3 }, () => random.integer(256)));
    await sharp(data, { raw: { width: 50, height: 40, channels: 3 } })
      .png()
      .toFile(path);
    paths.push(path);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function withLoader(
  options: Partial<ImageLoaderOptions>,
  use: (loader: ImageLoader) => Promise<void>,
): Promise<void> {
  const loader = new ImageLoader({ size: SIZE, workers: 2, ...options });
  try {
    await use(loader);
  } finally {
    await loader.close();
  }
}

describe('ImageLoader', () => {
  it('a loader gives what loadImage gives, one by one and in batches, in order', () =>
    withLoader({}, async (loader) => {
      expect(await loader.load(paths[3]!)).toEqual(await loadImage(paths[3]!, SIZE));
      const batch = await loader.loadBatch(paths);
      expect(batch.length).toBe(paths.length * BYTES);
      for (const [i, path] of paths.entries()) {
        expect(batch.subarray(i * BYTES, (i + 1) * BYTES)).toEqual(await loadImage(path, SIZE));
      }
    }));

  it('a loader decodes an image once while it fits the cache, again when it does not', async () => {
    const moved = join(folder, 'moved.png');
    const bytes = await sharp(paths[0]!).png().toBuffer();
    await writeFile(moved, bytes);
    await withLoader({}, async (loader) => {
      const first = await loader.load(moved);
      await rm(moved);
      expect(await loader.load(moved)).toEqual(first);
    });
    await writeFile(moved, bytes);
    await withLoader({ cacheBytes: 2 * BYTES }, async (loader) => {
      await loader.load(moved);
      await loader.load(paths[1]!);
      await rm(moved);
      await loader.load(moved);
      await loader.load(paths[2]!); // now paths[1] is the oldest, and goes
      await loader.load(moved);
      await loader.load(paths[1]!);
      await loader.load(paths[2]!);
      await expect(loader.load(moved)).rejects.toThrow(ImageError);
    });
  });

  it('a loader hands over what it read ahead, also without a cache, and keeps to the bound', async () => {
    const ahead = join(folder, 'ahead.png');
    await sharp(paths[0]!).png().toFile(ahead);
    await withLoader({ cacheBytes: 0, ahead: 1, workers: 1 }, async (loader) => {
      loader.prefetch([ahead, join(folder, 'beyond the bound.png')]);
      await loader.load(paths[1]!);
      await loader.load(paths[2]!);
      await rm(ahead);
      expect((await loader.load(ahead)).length).toBe(BYTES);
      await expect(loader.load(ahead)).rejects.toThrow(/there is no such file/);
    });
  });

  it('a loader draws anomalies into images on its threads: the samples of their seed and numbers', () =>
    withLoader({ size: 32 }, async (loader) => {
      const [seed, first, plane] = [2, 8, 32 * 32];
      const textures = paths.slice(6);
      const batch = await loader.loadAnomalies(paths.slice(0, 6), { seed, first, textures });
      expect([batch.images.length, batch.clean.length, batch.mask.length]).toEqual(
        [3, 3, 1].map((channels) => 6 * channels * plane),
      );
      for (let i = 0; i < 6; i++) {
        const { anomalous, texture } = planAnomaly(seed, first + i, textures.length);
        const own = drawAnomaly({
          ...{ seed, number: first + i, anomalous, path: '', side: 32 },
          pixels: await loadPixels(paths[i]!, 32),
          texture: texture === null ? undefined : await loadPixels(textures[texture]!, 32),
        });
        const at = (values: Float32Array, channels: number): Float32Array =>
          values.subarray(i * channels * plane, (i + 1) * channels * plane);
        expect(at(batch.images, 3)).toEqual(normalize(own.image));
        expect(at(batch.clean, 3)).toEqual(normalize(own.clean));
        expect(at(batch.mask, 1)).toEqual(Float32Array.from(own.mask));
      }
      const lost = loader.loadAnomalies(paths, { seed, first, textures: [join(folder, 'lost.png')] });
      await expect(lost).rejects.toThrow(/lost\.png/);
    }));

  it('a loader cuts tiles out of images, and draws anomalies into tiles with textures cut alike', () =>
    withLoader({ size: 80 }, async (loader) => {
      const grid = tileGrid(80, 64, 0);
      expect(grid.count).toBe(4);
      const which = [0, 3, 2, 1];
      const tiles = which.map((tile, i) => ({ path: paths[i]!, tile }));
      const cut = async (path: string, tile: number): Promise<Uint8Array> =>
        cutTile(await loadPixels(path, 80), grid, tile);
      const batch = await loader.loadTiles(tiles, grid);
      const [seed, first, length] = [2, 8, 3 * 64 * 64];
      const textures = paths.slice(6);
      const drawn = await loader.loadAnomalies(paths.slice(0, 4), {
        ...{ seed, first, textures },
        tiles: { grid, which },
      });
      for (const [i, { path, tile }] of tiles.entries()) {
        const pixels = await cut(path, tile);
        expect(batch.subarray(i * length, (i + 1) * length)).toEqual(normalize(pixels));
        const { anomalous, texture } = planAnomaly(seed, first + i, textures.length);
        const own = drawAnomaly({
          ...{ seed, number: first + i, anomalous, path: '', side: 64, pixels },
          texture: texture === null ? undefined : await cut(textures[texture]!, tile),
        });
        expect(drawn.images.subarray(i * length, (i + 1) * length)).toEqual(normalize(own.image));
        expect(drawn.mask.subarray((i * length) / 3, ((i + 1) * length) / 3)).toEqual(
          Float32Array.from(own.mask),
        );
      }
    }));

  it('a loader rejects a bad image with an ImageError that names it, and goes on', () =>
    withLoader({}, async (loader) => {
      const bad = join(folder, 'bad.png');
      await writeFile(bad, 'not an image');
      loader.prefetch([bad]);
      const error = await loader.load(bad).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(ImageError);
      expect(error).toMatchObject({
        code: 'E_IMAGE',
        where: bad,
        message: expect.stringContaining('not a PNG'),
      });
      await expect(loader.loadBatch([paths[0]!, bad])).rejects.toThrow(bad);
      expect((await loader.load(paths[0]!)).length).toBe(BYTES);
    }));

  it('a closed loader rejects what is under way, and all that comes after', async () => {
    const loader = new ImageLoader({ size: SIZE, workers: 1 });
    const all = Promise.allSettled(paths.map((path) => loader.load(path)));
    await loader.close();
    expect((await all).filter((result) => result.status === 'rejected').length).toBeGreaterThan(0);
    await expect(loader.load(paths[0]!)).rejects.toThrow(/closed/);
  });

  it('a loader lets the process end at once after close, and without close too', async () => {
    const built = new URL('../../dist/data/loader.js', import.meta.url);
    for (const end of ['await loader.close();', '']) {
      const script = `
        import { ImageLoader } from ${JSON.stringify(built.href)};
        const loader = new ImageLoader({ size: 24 });
        await loader.load(${JSON.stringify(paths[0])});
        ${end}
        console.log(process.getActiveResourcesInfo().join());`;
      // A worker that is not let go keeps the process for ever; a timer would be in the list.
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
      expect(stdout).not.toMatch(/^$|Timeout/);
    }
  });
});
