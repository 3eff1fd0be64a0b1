import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage, decodeMask } from '../../src/data/decode.ts';
import { loadMask } from '../../src/data/loadImage.ts';
import { type Pixels, pilResize, pilResizeNearest } from '../../src/data/pilResize.ts';
import { fc } from '../property.ts';

interface Case {
  input: string;
  width: number;
  height: number;
  expected: string;
  mask: boolean;
}

const file = (name: string): string => fileURLToPath(new URL(`../goldens/pil/${name}`, import.meta.url));
const { cases } = JSON.parse(readFileSync(file('cases.json'), 'utf8')) as { cases: Case[] };

const raw = async (name: string, grey: boolean): Promise<Uint8Array> => {
  const picture = sharp(file(name));
  return new Uint8Array(await (grey ? picture.toColourspace('b-w') : picture).raw().toBuffer());
};

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe('pilResize against Pillow', () => {
  for (const { input, width, height, expected, mask } of cases) {
    it(`pilResize matches Pillow: ${input} to ${width}x${height}`, async () => {
      if (mask) {
        const source = await decodeMask(file(input));
        expect(largestDifference(pilResize(source, width, height).data, await raw(expected, mask))).toBe(0);
        const nearest = pilResizeNearest(source.data, source.width, source.height, width, height);
        const golden = await raw(expected.replace('.expected', '.nearest'), mask);
        expect(largestDifference(nearest, golden)).toBe(0);
        return;
      }
      const got = pilResize(await decodeImage(file(input)), width, height);
      // Two JPEG decoders may differ by one step before resizing; all else is exact.
      const allowed = input.endsWith('.jpg') ? 2 : 0;
      expect(largestDifference(got.data, await raw(expected, mask))).toBeLessThanOrEqual(allowed);
    });
  }
});

describe('pilResize', () => {
  const picture = fc
    .record({
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
      channels: fc.integer({ min: 1, max: 4 }),
    })
    .chain(({ width, height, channels }) =>
      fc
        .uint8Array({ minLength: width * height * channels, maxLength: width * height * channels })
        .map((data): Pixels => ({ width, height, channels, data, layout: 'interleaved' })),
    );
  const side = fc.integer({ min: 1, max: 60 });

  it('pilResize gives the same for planes as for interleaved channels', () => {
    fc.assert(
      fc.property(picture, side, side, (source, width, height) => {
        const planar = { ...source, layout: 'planar' as const, data: toPlanes(source) };
        const got = pilResize(source, width, height);
        expect(pilResize(planar, width, height).data).toEqual(toPlanes(got));
      }),
    );
  });

  it('pilResize keeps a constant picture constant and stays within the source range', () => {
    fc.assert(
      fc.property(picture, side, side, fc.integer({ min: 0, max: 255 }), (source, width, height, value) => {
        const flat = { ...source, data: source.data.map(() => value) };
        expect(new Set(pilResize(flat, width, height).data)).toEqual(new Set([value]));
        const low = Math.min(...source.data);
        const high = Math.max(...source.data);
        for (const v of pilResize(source, width, height).data) expect(v >= low && v <= high).toBe(true);
      }),
    );
  });

  it('pilResize copies where the size stays', () => {
    fc.assert(
      fc.property(picture, (source) => {
        const got = pilResize(source, source.width, source.height);
        expect(got.data).toEqual(source.data);
        expect(got.data).not.toBe(source.data);
      }),
    );
  });
});

describe('mask rules', () => {
  it('the mask rule any contains half, and half of a big square is about its area', async () => {
    const any = await loadMask(file('mask_index.png'), 32, 'any');
    const half = await loadMask(file('mask_index.png'), 32, 'half');
    const nearest = await loadMask(file('mask_index.png'), 32, 'nearest');
    const count = (mask: Uint8Array): number => mask.reduce((sum, v) => sum + v, 0);
    for (let i = 0; i < any.length; i++) expect(any[i]!).toBeGreaterThanOrEqual(half[i]!);
    expect(count(any)).toBeGreaterThan(count(half));
    const area = (25 * 12 * 32 * 32) / (50 * 70);
    for (const mask of [half, nearest]) expect(Math.abs(count(mask) - area) / area).toBeLessThan(0.15);
  });

  it('a mask of another size than its image is refused, naming both', async () => {
    await expect(loadMask(file('mask_index.png'), 32, 'any', file('rgb.png'))).rejects.toThrow(
      /70x50.*83x61/,
    );
  });
});

function toPlanes({ width, height, channels, data }: Pixels): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < channels; c++) out[c * width * height + i] = data[i * channels + c]!;
  }
  return out;
}
