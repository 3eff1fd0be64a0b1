import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDataset } from '../../src/data/check.ts';
import { decodeImage, decodeMask } from '../../src/data/decode.ts';
import { ImageError } from '../../src/errors.ts';
import { png16, tiff } from './images.ts';
import { put } from './lookalikes.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgad-deep-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Sixteen values from `low` to `high`; whole ones for integers. */
const ramp = (low: number, high: number, whole = true): number[] =>
  Array.from({ length: 16 }, (_, i) => {
    const value = low + ((high - low) * i) / 15;
    return whole ? Math.round(value) : value;
  });
/** What a full-range ramp looks like in 8 bits. */
const STRETCHED = ramp(0, 255);
const TAG = { min: 340, max: 341 };

let count = 0;
async function path(bytes: Buffer | Promise<Buffer>): Promise<string> {
  const at = join(folder, `deep${count++}`);
  await writeFile(at, await bytes);
  return at;
}
async function greys(bytes: Buffer | Promise<Buffer>): Promise<number[]> {
  const { data } = await decodeImage(await path(bytes));
  expect(data.length % 3).toBe(0);
  const grey = Array.from({ length: data.length / 3 }, (_, i) => data[3 * i]!);
  for (const [i, value] of grey.entries()) expect([data[3 * i + 1], data[3 * i + 2]]).toEqual([value, value]);
  return grey;
}

describe('images of more than 8 bits are stretched from the range that is theirs', () => {
  it.each([
    ['floats from 0 to 1', tiff(ramp(0, 1, false), 'float', 32)],
    ['floats from 0 to 255', tiff(ramp(0, 255, false), 'float', 32)],
    [
      'floats of a declared range',
      tiff(ramp(-2, 6, false), 'float', 32, { doubles: { [TAG.min]: -2, [TAG.max]: 6 } }),
    ],
    ['12 bits in 16, declared', tiff(ramp(0, 4095), 'unsigned', 16, { doubles: { [TAG.max]: 4095 } })],
    ['full 16 bits', tiff(ramp(0, 65_535), 'unsigned', 16)],
    ['full 32 bits', tiff(ramp(0, 2 ** 32 - 1), 'unsigned', 32)],
    ['PNG of 16 bits', png16(ramp(0, 65_535))],
    ['PNG of 12 bits in 16, declared', png16(ramp(0, 4095), 12)],
    ['PNG of 12 bits that were scaled to 16, as its standard asks', png16(ramp(0, 65_535), 12)],
  ])('a deep image is stretched from the range that is its own: %s', async (_, bytes) => {
    const found = await greys(bytes);
    found.forEach((value, i) => {
      expect(Math.abs(value - STRETCHED[i]!)).toBeLessThanOrEqual(1);
    });
  });

  it('a deep image in colour is stretched, its alpha dropped', async () => {
    const values = Array.from({ length: 48 }, (_, i) => i / 47);
    const { data } = await decodeImage(await path(tiff(values, 'float', 32, { channels: 3 })));
    expect([...data]).toEqual(values.map((value) => Math.round(255 * value)));
  });

  it('a black deep image is black', async () => {
    expect(new Set(await greys(png16(new Array(16).fill(0))))).toEqual(new Set([0]));
  });
});

describe('images of more than 8 bits that would be black or cut are refused by name', () => {
  it.each([
    ['12 bits in 16', png16(ramp(0, 4095)), /16-bit samples go from 0 to 4095, .*SMaxSampleValue/],
    ['the same in TIFF', tiff(ramp(0, 4095), 'unsigned', 16), /16-bit samples go from 0 to 4095/],
    ['16 bits in 32', tiff(ramp(0, 65_535), 'unsigned', 32), /32-bit samples go from 0 to 65540/],
    ['floats a little beyond 1', tiff(ramp(0, 1.5, false), 'float', 32), /float samples go from 0 to 1\.5, /],
    ['floats below 0', tiff(ramp(-1, 1, false), 'float', 32), /float samples go from -1 to 1, /],
    ['floats of 16 bits', tiff(ramp(0, 65_535, false), 'float', 32), /float samples go from 0 to 65540, /],
    [
      'floats far below 1',
      tiff(ramp(0, 0.003, false), 'float', 32),
      /float samples go from 0 to 0\.003, .*black/,
    ],
    ['floats of 64 bits', tiff(ramp(0, 1, false), 'float', 64), /its samples have 64 bits/],
    [
      'YCbCr that is no JPEG',
      tiff(ramp(0, 255).concat(ramp(0, 255), ramp(0, 255)), 'unsigned', 8, { channels: 3, photometric: 6 }),
      /its colours are YCbCr without JPEG/,
    ],
    ['NaN', tiff([Number.NaN, ...ramp(0, 1, false).slice(1)], 'float', 32), /not all finite/],
    ['signed 8 bits', tiff(ramp(-128, 127), 'signed', 8), /type char, where black and white/],
    ['signed 16 bits', tiff(ramp(-32_768, 32_767), 'signed', 16), /type short, where black and white/],
    ['signed 32 bits', tiff(ramp(0, 2 ** 31 - 1), 'signed', 32), /type int, where black and white/],
  ])('a deep image that would be black or cut is refused by name: %s', async (_, bytes, reason) => {
    const at = await path(bytes);
    const error = await decodeImage(at).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ImageError);
    expect((error as ImageError).message).toContain(at);
    expect((error as ImageError).message).toMatch(reason);
  });
});

it('a declared range that makes no sense is none', async () => {
  for (const doubles of [{ [TAG.max]: Number.NaN }, { [TAG.min]: 5, [TAG.max]: 5 }]) {
    const found = await greys(tiff(ramp(0, 1, false), 'float', 32, { doubles }));
    expect(found).toEqual(STRETCHED);
  }
});

it('masks of more than 8 bits have their middle, too', async () => {
  const marks = async (bytes: Buffer | Promise<Buffer>): Promise<number[]> => [
    ...(await decodeMask(await path(bytes))).data,
  ];
  const expected = ramp(0, 1, false).map((value) => (value > 0.5 ? 255 : 0));
  expect(await marks(tiff(ramp(0, 1, false), 'float', 32))).toEqual(expected);
  expect(await marks(png16(ramp(0, 4095)))).toEqual(expected);
});

it('data check names deep images, those that are refused, and files of several images', async () => {
  const root = join(folder, 'set');
  await put(root, 'a/train/full.png', await png16(ramp(0, 65_535)));
  await put(root, 'a/train/part.png', await png16(ramp(0, 4095), 12));
  await put(root, 'a/train/black.png', await png16(ramp(0, 4095)));
  const pages = sharp(Buffer.alloc(3 * 4 * 8, 90), {
    raw: { width: 4, height: 8, channels: 3, pageHeight: 4 },
  });
  await put(root, 'a/train/pages.tif', await pages.tiff().toBuffer());
  const { problems, warnings } = await checkDataset(root);
  expect(problems.map(({ kind, message }) => [kind, message])).toEqual([
    ['unreadable', expect.stringMatching(/black\.png: its 16-bit samples go from 0 to 4095/)],
  ]);
  const said = warnings.map(({ kind, message }) => `${kind}: ${message}`);
  expect(said).toContain(
    'deep-image: a/train/full.png has more than 8 bits a sample (16-bit, 0 to 65535); it is read in 8',
  );
  expect(said).toContain(
    'deep-image: a/train/part.png has more than 8 bits a sample (16-bit, 0 to 4095 as declared); it is read in 8',
  );
  expect(said).toContain('pages: a/train/pages.tif holds 2 images, of which the first is read');
});

it('a mask with a value that is no number is refused by name', async () => {
  const at = await path(tiff([Number.NaN, ...ramp(0, 1, false).slice(1)], 'float', 32));
  await expect(decodeMask(at)).rejects.toThrow(`${at}: its values are not all finite numbers`);
});
