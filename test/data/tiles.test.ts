import { expect, it } from 'vitest';
import { blendWeights, cornerOf, cutTile, tileGrid } from '../../src/data/tiles.ts';
import { fc } from '../property.ts';
import { seeded } from '../seed.ts';

const random = seeded('tiles');

const grids = fc
  .record({ tile: fc.integer({ min: 1, max: 40 }), more: fc.integer({ min: 0, max: 90 }) })
  .chain(({ tile, more }) =>
    fc.double({ min: 0, max: 0.9, noNaN: true }).map((overlap) => ({ size: tile + more, tile, overlap })),
  );

it('tiles reach from edge to edge, and neighbours share what was asked', () => {
  fc.assert(
    fc.property(grids, ({ size, tile, overlap }) => {
      const { starts, count } = tileGrid(size, tile, overlap);
      expect(starts[0]).toBe(0);
      expect(starts.at(-1)).toBe(size - tile);
      expect(count).toBe(starts.length ** 2);
      for (const [i, start] of starts.slice(1).entries()) {
        const shared = starts[i]! + tile - start;
        expect(start).toBeGreaterThan(starts[i]!);
        // No step is below one pixel.
        expect(shared).toBeGreaterThanOrEqual(Math.min(Math.ceil(tile * overlap - 1e-9), tile - 1));
      }
    }),
  );
});

it.each([
  [256, 256, 0.5, [0]],
  [512, 256, 0, [0, 256]],
  [512, 256, 0.25, [0, 128, 256]],
  [300, 128, 0.25, [0, 86, 172]],
  [65, 64, 0, [0, 1]],
])('%i px in tiles of %i that share %f begin at %j', (size, tile, overlap, starts) => {
  expect(tileGrid(size, tile, overlap).starts).toEqual(starts);
});

it.each([
  [64, 96, 0.25],
  [64, 0, 0.25],
  [64, 32, 1],
  [64, 32, -0.1],
  [64, Number.NaN, 0],
])('%i px in tiles of %f that share %f are refused', (size, tile, overlap) => {
  expect(() => tileGrid(size, tile, overlap)).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
});

it('weights sum to one everywhere, fade at inner edges, and are exactly 1 where a tile lies alone', () => {
  fc.assert(
    fc.property(grids, ({ size, tile, overlap }) => {
      const grid = tileGrid(size, tile, overlap);
      const sums = new Float64Array(size);
      const shown = new Uint8Array(size);
      const weights = blendWeights(grid);
      for (const [k, start] of grid.starts.entries()) {
        for (let i = 0; i < tile; i++) {
          sums[start + i]! += weights[k]![i]!;
          shown[start + i]! += 1;
        }
      }
      for (const sum of sums) expect(Math.abs(sum - 1)).toBeLessThan(1e-12);
      for (const [k, start] of grid.starts.entries()) {
        for (let i = 0; i < tile; i++) if (shown[start + i] === 1) expect(weights[k]![i]).toBe(1);
      }
    }),
  );
  const [, middle] = blendWeights(tileGrid(512, 256, 0.25));
  expect(middle![0]).toBeLessThan(1e-4);
  for (let i = 1; i < 128; i++) expect(middle![i]).toBeGreaterThan(middle![i - 1]!);
});

it('a tile has the pixels of its place in every channel', () => {
  const grid = tileGrid(11, 5, 0.3);
  const planes = Uint8Array.from({ length: 3 * 11 * 11 }, () => random.integer(256));
  for (let which = 0; which < grid.count; which++) {
    const { x, y } = cornerOf(grid, which);
    const cut = cutTile(planes, grid, which);
    expect(cut.length).toBe(3 * 25);
    for (let c = 0; c < 3; c++) {
      for (let row = 0; row < 5; row++) {
        for (let i = 0; i < 5; i++) {
          expect(cut[(c * 5 + row) * 5 + i]).toBe(planes[(c * 11 + y + row) * 11 + x + i]);
        }
      }
    }
  }
  expect(cutTile(planes, tileGrid(11, 11, 0), 0)).toBe(planes);
});
