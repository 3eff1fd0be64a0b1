import { expect, it } from 'vitest';
import { newConfig } from '../../src/run/config.ts';
import { imagesText, scoredAs } from '../../src/run/scoredAs.ts';

const GIVEN = { version: '0', seed: 0, data: '/photos', adapter: '' };
const uncut = newConfig({ ...GIVEN, method: 'cfa', size: 64, iterations: 5 });
const tiled = newConfig({ ...GIVEN, size: 160, tile: 64, tileOverlap: 0.5 });

it('scoring is as trained where nothing is chosen', () => {
  for (const config of [uncut, tiled]) {
    expect(scoredAs(config, {})).toEqual(config);
    expect(scoredAs(config, { size: undefined, tile: undefined, precision: undefined })).toEqual(config);
  }
  expect(scoredAs(uncut, { precision: 'f16', scoreFraction: 0.5 })).toEqual({
    ...uncut,
    precision: 'f16',
    scoreFraction: 0.5,
  });
});

it('larger images are cut into tiles of the side that was trained at, and resized in proportion', () => {
  expect(uncut.resize).toBe(73);
  expect(scoredAs(uncut, { size: 192, tile: 64 })).toEqual({
    ...uncut,
    size: 192,
    tile: 64,
    tileOverlap: 0.25,
    resize: 219,
  });
  expect(scoredAs(uncut, { tile: 64 })).toMatchObject({ size: 64, tile: 64, resize: 73 });
  expect(scoredAs(tiled, { size: 320 })).toMatchObject({ size: 320, tile: 64, tileOverlap: 0.5 });
  expect(scoredAs(tiled, { tileOverlap: 0 })).toMatchObject({ size: 160, tile: 64, tileOverlap: 0 });
});

it.each([
  [uncut, { size: 128 }, 'scoring expects images or tiles of 64 px'],
  [uncut, { size: 192, tile: 96 }, 'scoring expects images or tiles of 64 px'],
  [tiled, { tile: 96 }, 'scoring expects images or tiles of 64 px'],
  [tiled, { size: 32 }, 'size expects a whole number of at least tile, 64, got 32'],
  [uncut, { tileOverlap: 0.5 }, 'tileOverlap expects tile beside it, got 0.5 alone'],
])('another side, or a choice that is wrong by itself, is refused', (config, choice, message) => {
  expect(() => scoredAs(config, choice)).toThrow(
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
