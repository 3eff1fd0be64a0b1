import { expect, it } from 'vitest';
import { newConfig } from '../../src/run/config.ts';
import { imagesText, scoredAs, scoringNames } from '../../src/run/scoredAs.ts';

const GIVEN = { version: '0', seed: 0, data: '/photos', adapter: '' };
const uncut = newConfig({ ...GIVEN, method: 'cfa', size: 64, iterations: 5 });
const tiled = newConfig({ ...GIVEN, size: 160, tile: 64, tileOverlap: 0.5 });

it('scoring is as trained where nothing is chosen', () => {
  for (const config of [uncut, tiled]) {
    expect(scoredAs(config, 'test', {})).toEqual(config);
    expect(scoredAs(config, 'test', { size: undefined, tile: undefined, precision: undefined })).toEqual(
      config,
    );
  }
  expect(scoredAs(uncut, 'test', { precision: 'f16', scoreFraction: 0.5 })).toEqual({
    ...uncut,
    precision: 'f16',
    scoreFraction: 0.5,
  });
});

it('a way of scoring reads what it may choose, and nothing else', () => {
  const all = {
    size: 128,
    tile: 64,
    precision: 'f16',
    pixelScale: 'own',
    scoreFraction: 0.5,
    seed: 7,
  } as const;
  expect(scoringNames('test')).toEqual([
    'scoreFraction',
    'pixelScale',
    'size',
    'tile',
    'tileOverlap',
    'precision',
  ]);
  expect(scoredAs(uncut, 'test', all)).toMatchObject({ scoreFraction: 0.5, precision: 'f16', seed: 0 });
  expect(scoredAs(uncut, 'judge', all)).toMatchObject({
    scoreFraction: uncut.scoreFraction,
    pixelScale: 'own',
    precision: 'f16',
  });
  expect(scoringNames('threshold')).toEqual(['size', 'tile', 'tileOverlap', 'precision']);
});

it('larger images are cut into tiles of the side that was trained at, and resized in proportion', () => {
  expect(uncut.resize).toBe(73);
  expect(scoredAs(uncut, 'test', { size: 192, tile: 64 })).toEqual({
    ...uncut,
    size: 192,
    tile: 64,
    tileOverlap: 0.25,
    resize: 219,
  });
  expect(scoredAs(uncut, 'test', { tile: 64 })).toMatchObject({ size: 64, tile: 64, resize: 73 });
  expect(scoredAs(tiled, 'test', { size: 320 })).toMatchObject({ size: 320, tile: 64, tileOverlap: 0.5 });
  expect(scoredAs(tiled, 'test', { tileOverlap: 0 })).toMatchObject({ size: 160, tile: 64, tileOverlap: 0 });
});

it.each([
  [uncut, { size: 128 }, 'scoring expects images or tiles of 64 px'],
  [uncut, { size: 192, tile: 96 }, 'scoring expects images or tiles of 64 px'],
  [tiled, { tile: 96 }, 'scoring expects images or tiles of 64 px'],
  [tiled, { size: 32 }, 'size expects a whole number of at least tile, 64, got 32'],
  [uncut, { tileOverlap: 0.5 }, 'tileOverlap expects tile beside it, got 0.5 alone'],
])('another side, or a choice that is wrong by itself, is refused', (config, choice, message) => {
  expect(() => scoredAs(config, 'test', choice)).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', message: expect.stringContaining(message) }),
  );
});

it.each([
  [{ size: 256 }, '256 px'],
  [{ size: 256, tile: 256, tileOverlap: 0.25 }, '256 px'],
  [{ size: 512, tile: 128, tileOverlap: 0.25 }, '512 px in tiles of 128 px that share 25 %'],
])('images of %j are of %s', (config, text) => {
  expect(imagesText(config)).toBe(text);
});
