import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkDataset,
  decodeImage,
  decodeMask,
  ImageLoader,
  imageSize,
  loadImage,
  loadMask,
  sampleMask,
} from '../../src/data/index.ts';
import { dataChecksum } from '../../src/run/dataChecksum.ts';

/** A pipe with an image's name, that nobody writes to: who opens it as a file waits for ever. */
let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-pipes-'));
  await image('nut/train/good/a.png');
  await image('nut/train/good/b.png');
  await image('nut/test/good/a.png');
  await image('nut/test/bad/a.png');
  await pipe('nut/train/good/pipe.png');
  await pipe('nut/test/bad/pipe.png');
  await pipe('nut/ground_truth/bad/a_mask.png');
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function image(name: string): Promise<void> {
  await mkdir(dirname(join(root, name)), { recursive: true });
  const grey = { width: 40, height: 40, channels: 3, background: 'grey' } as const;
  await sharp({ create: grey }).png().toFile(join(root, name));
}
async function pipe(name: string): Promise<void> {
  await mkdir(dirname(join(root, name)), { recursive: true });
  execFileSync('mkfifo', [join(root, name)]);
}

describe.runIf(process.platform !== 'win32')('a pipe with the name of an image', () => {
  const path = (): string => join(root, 'nut/train/good/pipe.png');
  it.each<[string, (path: string) => Promise<unknown>]>([
    ['decodeImage', (at) => decodeImage(at)],
    ['decodeMask', (at) => decodeMask(at)],
    ['imageSize', (at) => imageSize(at)],
    ['loadImage', (at) => loadImage(at, 32)],
    ['loadMask', (at) => loadMask(at, 32)],
    [
      'ImageLoader',
      async (at) => {
        const loader = new ImageLoader({ size: 32, workers: 1 });
        try {
          await loader.load(at);
        } finally {
          await loader.close();
        }
      },
    ],
  ])('%s refuses a pipe with the name of an image by its path', async (_, read) => {
    await expect(read(path())).rejects.toMatchObject({
      code: 'E_IMAGE',
      message: `cannot read image ${path()}: it is a pipe, expected a file`,
    });
  });

  it('a pipe with the name of an image is a problem of its data set, and a mask that cannot be read', async () => {
    const { problems, warnings } = await checkDataset(root);
    expect(problems.filter(({ kind }) => kind === 'unreadable').map(({ message }) => message)).toEqual([
      expect.stringContaining('train/good/pipe.png: it is a pipe'),
      expect.stringContaining('test/bad/pipe.png: it is a pipe'),
    ]);
    expect(warnings.map(({ kind }) => kind)).toContain('unreadable-mask');
    const sample = {
      path: join(root, 'nut/test/bad/a.png'),
      id: 'nut/test/bad/a.png',
      className: 'nut',
      defect: 'bad',
      anomalous: true,
      maskPath: join(root, 'nut/ground_truth/bad/a_mask.png'),
    };
    expect((await sampleMask(sample, { size: 32 })).mask).toBeNull();
    expect(await dataChecksum({ data: root })).toMatch(/^[0-9a-f]{64}$/);
  });
});
