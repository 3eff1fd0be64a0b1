import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { loadMask, loadPixels } from '../../../src/data/loadImage.ts';
import { WgadError } from '../../../src/errors.ts';
import { RandomStream } from '../../../src/random.ts';
import type { FaultKind } from '../kind.ts';
import { mutated } from '../mutate.ts';

/** Decoded at once: reasons of several must not mix. */
const AT_ONCE = 8;
const SIDE = 40;

export const fault: FaultKind = {
  kind: 'images damaged: decoded, or refused for a reason of their own by a second of work',
  full: 2000,
  short: 60,
  async run(count, seed, progress) {
    const folder = await mkdtemp(join(tmpdir(), 'wgad-images-'));
    try {
      const corpus = await imagesOfEachKind();
      const random = new RandomStream(seed, 19);
      const failures: string[] = [];
      let [read, refused, slowest] = [0, 0, 0];
      for (let first = 0; first < count; first += AT_ONCE) {
        const files = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => ({
          path: join(folder, `${i}.png`),
          bytes: mutated(corpus[random.integer(corpus.length)]!, random),
        }));
        for (const { path, bytes } of files) await writeFile(path, bytes);
        const began = process.cpuUsage();
        const together = await Promise.all(files.map(({ path }) => endingOf(path)));
        const { user, system } = process.cpuUsage(began);
        slowest = Math.max(slowest, (user + system) / 1000 / files.length);
        for (const [i, { path }] of files.entries()) {
          const where = `seed ${seed}, image ${first + i}`;
          const alone = await endingOf(path);
          if (together[i] === 'decoded') read += 1;
          else refused += 1;
          if (together[i] !== alone) failures.push(`${where}: "${together[i]}", alone "${alone}"`);
          else if (/^CRASH|Unknown error/.test(alone)) failures.push(`${where}: ${alone}`);
        }
        progress(Math.min(count, first + AT_ONCE));
      }
      if (slowest > 1000) failures.push(`${slowest} ms of work an image`);
      const note = `${read} decoded, ${refused} refused, at most ${slowest.toFixed(0)} ms of work each, ${AT_ONCE} at once`;
      return { tried: count, survived: count - failures.length, failures, note };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** As image and as mask. */
async function endingOf(path: string): Promise<string> {
  try {
    await loadPixels(path, 32);
    await loadMask(path, 32);
    return 'decoded';
  } catch (error) {
    return error instanceof WgadError ? error.message : `CRASH ${(error as Error).stack}`;
  }
}

async function imagesOfEachKind(): Promise<Buffer[]> {
  const random = new RandomStream(1, 19);
  const raw = Buffer.from(Array.from({ length: SIDE * SIDE * 3 }, () => random.integer(256)));
  const image = () => sharp(raw, { raw: { width: SIDE, height: SIDE, channels: 3 } });
  const bmp = Buffer.alloc(54 + SIDE * SIDE * 3, 0x55);
  bmp.write('BM');
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(SIDE, 18);
  bmp.writeInt32LE(SIDE, 22);
  bmp.writeUInt16LE(24, 28);
  return Promise.all([
    image().png().toBuffer(),
    image().png({ progressive: true }).toBuffer(),
    image().png({ palette: true }).toBuffer(),
    image().toColourspace('rgb16').png().toBuffer(),
    image().greyscale().png().toBuffer(),
    image().jpeg().toBuffer(),
    image().jpeg({ progressive: true }).toBuffer(),
    image().toColourspace('cmyk').jpeg().toBuffer(),
    image().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    image().webp().toBuffer(),
    image().webp({ lossless: true }).toBuffer(),
    image().tiff().toBuffer(),
    image().tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
    Promise.resolve(bmp),
  ]);
}
