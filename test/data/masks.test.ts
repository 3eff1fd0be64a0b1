import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDataset, formatReport } from '../../src/data/check.ts';
import { decodeMask } from '../../src/data/decode.ts';
import { loadMask } from '../../src/data/loadImage.ts';
import { sampleMask } from '../../src/data/maskProblems.ts';
import { picture, put } from './lookalikes.ts';

const SIDE = 64;
/** A square of 100 pixels, at (20, 24). */
const isMarked = (i: number): boolean => {
  const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
  return x >= 20 && x < 30 && y >= 24 && y < 34;
};

/** The square in `inside`, on `outside`. */
const square = (inside: readonly number[], outside: readonly number[]): Sharp =>
  sharp(
    Buffer.from(
      Array.from({ length: SIDE ** 2 }, (_, i) => (isMarked(i) ? inside : outside)).flat() as number[],
    ),
    { raw: { width: SIDE, height: SIDE, channels: inside.length as 1 | 2 | 3 | 4 } },
  );
const grey = (inside: number, outside = 0): Sharp => square([inside], [outside]).toColourspace('b-w');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-masks-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
let count = 0;
async function written(image: Sharp): Promise<string> {
  const path = join(folder, `mask${count++}`);
  await writeFile(path, await image.toBuffer());
  return path;
}

describe("a mask's threshold is the middle of its range", () => {
  it.each<[string, () => Sharp]>([
    ['JPEG', () => grey(255).jpeg()],
    ['JPEG of low quality', () => grey(255).jpeg({ quality: 40 })],
    ['JPEG in colour', () => square([255, 255, 255], [0, 0, 0]).jpeg()],
    ['WebP', () => square([255, 255, 255], [0, 0, 0]).webp({ quality: 60 })],
    ['WebP without loss', () => square([255, 255, 255], [0, 0, 0]).webp({ lossless: true })],
    ['0 and 255', () => grey(255).png()],
    ['0 and 1', () => grey(1).png()],
    ['0 and 128', () => grey(128).png()],
    ['numbers of kinds, as VisA has them', () => grey(3).png()],
    ['1 bit', () => grey(255).png({ palette: true, colours: 2, bitdepth: 1 } as object)],
    ['1 bit in TIFF', () => grey(255).tiff({ bitdepth: 1 })],
    ['a palette of colours', () => square([128, 0, 0], [0, 0, 0]).png({ palette: true })],
    ['alpha that says nothing', () => square([255, 255, 255, 0], [0, 0, 0, 255]).png()],
    ['16 bits', () => grey(255).toColourspace('grey16').png()],
    ['green on black', () => square([0, 200, 0], [0, 0, 0]).png()],
    ['blue on black in JPEG', () => square([0, 0, 255], [0, 0, 0]).jpeg({ chromaSubsampling: '4:4:4' })],
    ['a shade of grey around', () => grey(255, 100).png()],
  ])('a mask’s threshold is the middle of its range: of %s, 100 pixels stay 100', async (_, draw) => {
    const path = await written(draw());
    const { data, marked } = await decodeMask(path);
    expect(data.findIndex((value, i) => (value !== 0) !== isMarked(i))).toBe(-1);
    expect(marked).toBe(100 / SIDE ** 2);
    const whole = await loadMask(path, SIDE);
    expect(whole.reduce((sum, value) => sum + value, 0)).toBe(100);
  });

  it('what a lossy mask leaves of black is black', async () => {
    const noise = Buffer.from(Array.from({ length: SIDE ** 2 }, (_, i) => (i * 7) % 5));
    const image = sharp(noise, { raw: { width: SIDE, height: SIDE, channels: 1 } });
    expect((await decodeMask(await written(image.jpeg()))).marked).toBe(0);
  });

  it('a mask with several kinds of numbers marks all of them', async () => {
    const kinds = Buffer.from(Array.from({ length: SIDE ** 2 }, (_, i) => i % 10));
    const image = sharp(kinds, { raw: { width: SIDE, height: SIDE, channels: 1 } }).toColourspace('b-w');
    expect((await decodeMask(await written(image.png()))).marked).toBeCloseTo(0.9, 3);
  });
});

/** One class with eight images of each odd mask. */
async function oddMasks(root: string): Promise<void> {
  const masks: Record<string, () => Promise<Buffer>> = {
    soft: () => grey(255).jpeg({ quality: 60 }).toBuffer(),
    inverted: () => grey(0, 255).png().toBuffer(),
    black: () => grey(0).png().toBuffer(),
    small: () => grey(255).resize(32, 48).png().toBuffer(),
    broken: async () => Buffer.from('no mask'),
    right: () => grey(255).png().toBuffer(),
  };
  const image = await sharp(await picture(40))
    .resize(SIDE, SIDE, { fit: 'fill' })
    .png()
    .toBuffer();
  await put(root, 'a/train/good/0.png', await picture(9));
  for (const [defect, draw] of Object.entries(masks)) {
    for (let n = 0; n < 8; n++) {
      await put(root, `a/test/${defect}/${n}.png`, image);
      const type = defect === 'soft' ? 'jpg' : 'png';
      await put(root, `a/ground_truth/${defect}/${n}_mask.${type}`, await draw());
    }
  }
}

it('data check has one line for each kind of odd mask, with a count; only the images are problems', async () => {
  const root = join(folder, 'odd');
  await oddMasks(root);
  const report = await checkDataset(root);
  expect(report.problems).toEqual([]);
  const counts = new Map<string, number>();
  for (const { kind } of report.warnings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  expect(Object.fromEntries(counts)).toEqual({
    ...{ 'grey-mask': 8, 'inverted-mask': 8, 'empty-mask': 8, 'mask-size': 8, 'unreadable-mask': 8 },
  });
  const lines = formatReport(report).split('\n');
  expect(lines.filter((line) => line.includes('-mask: ') || line.includes('mask-size: '))).toHaveLength(5);
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^ {2}inverted-mask: 8 masks mark more than half of their image.*2\.png .* and 5 more/,
    ),
  );
  const all = formatReport(report, { all: true });
  for (const { message } of report.warnings) expect(all).toContain(message);
});

it('a mask whose zeros are white is read as viewers show it, and said', async () => {
  const root = join(folder, 'white');
  const drawn = await grey(255).tiff({ bitdepth: 1, compression: 'none' }).toBuffer();
  const at = drawn.indexOf(Buffer.from([6, 1, 3, 0, 1, 0, 0, 0, 1, 0]));
  // The tag of colours says that zeros are black: now that they are white.
  const turned = Buffer.from(drawn);
  turned.writeUInt16LE(0, at + 8);
  await put(root, 'turned.tif', turned);
  await put(root, 'drawn.tif', drawn);
  const sample = { id: 'x', className: 'a', defect: 'bent', anomalous: true, path: join(root, 'drawn.tif') };
  const kindsOf = async (name: string): Promise<string[]> =>
    (await sampleMask({ ...sample, maskPath: join(root, name) }, { size: SIDE })).problems.map(
      ({ kind }) => kind,
    );
  expect(await kindsOf('drawn.tif')).toEqual([]);
  expect(await kindsOf('turned.tif')).toEqual(['inverted-mask', 'white-zero-mask']);
  const [black, white] = [await decodeMask(sample.path), await decodeMask(join(root, 'turned.tif'))];
  expect([...white.data]).toEqual([...black.data].map((value) => 255 - value));
});

it('masks that cannot be used leave their images out, with the reason', async () => {
  const root = join(folder, 'unusable');
  const sample = { id: 'x', className: 'a', defect: 'bent', anomalous: true } as const;
  await put(root, 'x.png', await grey(9).png().toBuffer());
  await put(root, 'small.png', await grey(9).resize(8, 8).png().toBuffer());
  const path = join(root, 'x.png');
  const used = async (maskPath: string | null) => {
    const { mask, problems } = await sampleMask({ ...sample, path, maskPath }, { size: 32 });
    return [mask === null, problems.map(({ kind }) => kind)];
  };
  expect(await used(null)).toEqual([true, []]);
  expect(await used(join(root, 'small.png'))).toEqual([true, ['mask-size']]);
  expect(await used(join(root, 'nowhere.png'))).toEqual([true, ['unreadable-mask']]);
  expect(await used(path)).toEqual([false, []]);
});
