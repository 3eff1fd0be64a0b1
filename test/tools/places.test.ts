import { describe, expect, it } from 'vitest';
import { placesBatch } from '../../tools/pretrain/places.ts';

const [COUNT, SIZE] = [6, 32];
const batch = placesBatch(3, COUNT, SIZE);
const sides = [SIZE / 4, SIZE / 8, SIZE / 16] as const;

describe('a batch of places', () => {
  it('a batch of places depends on its step alone', () => {
    expect(placesBatch(3, COUNT, SIZE)).toEqual(batch);
    expect(placesBatch(4, COUNT, SIZE).images).not.toEqual(batch.images);
  });

  it('a batch of places shows each scene under two exposures with the same places foreign', () => {
    const half = batch.images.length / 2;
    expect(batch.images.subarray(0, half)).not.toEqual(batch.images.subarray(half));
    for (const places of batch.places) {
      expect(places.subarray(0, places.length / 2)).toEqual(places.subarray(places.length / 2));
    }
  });

  it('a coarse place is marked where one of its four finer places is marked, and nowhere else', () => {
    for (const tap of [1, 2] as const) {
      const [side, finer] = [sides[tap], batch.places[tap - 1]!];
      const expected = Array.from({ length: 2 * COUNT * side * side }, (_, at) => {
        const [n, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
        const below = [0, 1].flatMap((j) =>
          [0, 1].map((i) => finer[n * 4 * side ** 2 + (2 * y + j) * 2 * side + 2 * x + i]!),
        );
        return Math.max(...below);
      });
      expect([...batch.places[tap]]).toEqual(expected);
    }
  });

  it('a batch of places has foreign places in most scenes and ordinary ones in all', () => {
    const { places } = placesBatch(0, 40, 64);
    const shares = Array.from({ length: 40 }, (_, n) => {
      const own = places[0].subarray(n * 256, (n + 1) * 256);
      return own.reduce((total, mark) => total + mark, 0) / own.length;
    });
    expect(shares.filter((share) => share > 0).length).toBeGreaterThan(20);
    expect(shares.filter((share) => share > 0).length).toBeLessThan(40);
    expect(Math.max(...shares)).toBeLessThan(0.9);
  });

  it('a batch of places is finite and within what normalisation makes of [0, 1]', () => {
    expect(Math.min(...batch.images)).toBeGreaterThanOrEqual(-2.2);
    expect(Math.max(...batch.images)).toBeLessThanOrEqual(2.7);
  });
});
