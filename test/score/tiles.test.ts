import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blendWeights, cornerOf, cutTile, type TileGrid, tileGrid } from '../../src/data/tiles.ts';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { DETECTORS } from '../../src/methods/detectors.ts';
import { initialize } from '../../src/nn/init.ts';
import { RandomStream } from '../../src/random.ts';
import { runFiles } from '../../src/run/folder.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import type { ScoredImage } from '../../src/score/scoredImage.ts';
import { openScorer } from '../../src/score/scorer.ts';
import { shareOut } from '../../src/score/scorerOn.ts';
import { ONE_DEVICE } from '../parking.ts';
import { seeded } from '../seed.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 400_000;
const [TILE, SIZE] = [64, 96];

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-tiles-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A run of one class whose weights were never trained. */
async function untrained(own: Partial<RunConfig> & Pick<RunConfig, 'method'>): Promise<RunConfig> {
  const { smoothing, scoreFraction, width } = DETECTORS[own.method].defaults;
  const config = {
    encoder: own.method === 'draem' ? 'none' : 'resnet18_w16',
    size: TILE,
    batch: 4,
    align: ['none', 'cada'],
    smoothing,
    scoreFraction,
    width,
    ...own,
  } as RunConfig;
  const { parts, heads } = runLayouts(config, 1);
  const specs = [...parts, heads.regressor].flatMap(({ parameters, buffers }) => [
    ...parameters.specs,
    ...buffers.specs,
  ]);
  const tensors = initialize(specs, 3);
  const random = new RandomStream(8);
  // An empty memory has the same distance from everything.
  for (const [name, { data }] of tensors) {
    if (name.startsWith('memory')) for (const i of data.keys()) data[i] = random.between(0, 0.1);
  }
  await mkdir(join(root, own.method), { recursive: true });
  await writeSafetensors(runFiles(join(root, own.method)).weights, tensors, { classes: '["a"]' });
  return config;
}

async function scored(config: RunConfig, images: readonly Uint8Array[]): Promise<ScoredImage[]> {
  const scorer = await openScorer(join(root, config.method), config, { gpu: ONE_DEVICE });
  try {
    return await scorer.score(
      images,
      images.map(() => 0),
    );
  } finally {
    scorer.close();
  }
}

/** Waves with a spot: neighbouring tiles differ. */
function drawn(count: number, side: number, of: string): Uint8Array[] {
  const random = seeded(of);
  return Array.from({ length: count }, () => {
    const [a, b] = [random.between(3, 9), random.between(3, 9)];
    return Uint8Array.from({ length: 3 * side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side) % side];
      const spot = Math.hypot(x - side / 3, y - side / 2) < 8 ? 60 : 0;
      return 100 + 40 * Math.sin(x / a) * Math.cos(y / b) + spot + random.integer(20);
    });
  });
}

/** Tiles' maps put together in float64, one pixel after the other. */
function blended(grid: TileGrid, maps: readonly Float32Array[]): Float64Array {
  const weights = blendWeights(grid);
  const whole = new Float64Array(grid.size ** 2);
  for (const [which, map] of maps.entries()) {
    const { x, y } = cornerOf(grid, which);
    for (const [i, value] of map.entries()) {
      const [row, column] = [Math.floor(i / grid.tile), i % grid.tile];
      const weight = weights[grid.starts.indexOf(y)]![row]! * weights[grid.starts.indexOf(x)]![column]!;
      whole[(y + row) * grid.size + x + column]! += weight * value;
    }
  }
  return whole;
}

/** The author's smoothing of a whole map: 5 x 5 taps, sigma 4, zeros beyond the border. */
function smoothed(map: Float64Array, side: number): Float64Array {
  const taps = [-2, -1, 0, 1, 2].map((d) => Math.exp(-(d * d) / 32));
  const sum = taps.reduce((a, b) => a + b);
  return map.map((_, i) => {
    let total = 0;
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        const [y, x] = [Math.floor(i / side) + dy, (i % side) + dx];
        if (y < 0 || x < 0 || y >= side || x >= side) continue;
        total += (taps[dy + 2]! * taps[dx + 2]! * map[y * side + x]!) / sum ** 2;
      }
    }
    return total;
  });
}

const topMean = (map: Float64Array, fraction: number): number => {
  const k = Math.max(1, Math.floor(map.length * fraction));
  const highest = [...map].sort((a, b) => b - a).slice(0, k);
  return highest.reduce((a, b) => a + b) / k;
};

function expectNear(got: Float32Array, want: Float64Array): void {
  const scale = want.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const farthest = want.reduce((most, value, i) => Math.max(most, Math.abs(got[i]! - value)), 0);
  expect(farthest / scale).toBeLessThan(1e-5);
}

const cut = (images: readonly Uint8Array[], grid: TileGrid): Uint8Array[] =>
  images.flatMap((image) => Array.from({ length: grid.count }, (_, which) => cutTile(image, grid, which)));

describe('an image in tiles', () => {
  it.each(['before', 'after'] as const)(
    'has the blended maps of its tiles, smoothed and scored as one map, with calibration %s smoothing',
    async (calibration) => {
      const config = await untrained({ method: 'revdist', calibration, scoreFraction: 0.02 });
      const grid = tileGrid(SIZE, TILE, 0.25);
      expect(grid.starts).toEqual([0, 32]);
      const images = drawn(3, SIZE, `tiles ${calibration}`);
      const whole = await scored({ ...config, size: SIZE, tile: TILE, tileOverlap: 0.25 }, images);
      const rule = { ...config, smoothing: calibration === 'before' ? 'none' : config.smoothing } as const;
      const tiles = await scored(rule, cut(images, grid));
      for (const [i, image] of whole.entries()) {
        const own = tiles.slice(i * grid.count, (i + 1) * grid.count);
        for (const alignment of ['none', 'cada'] as const) {
          const put = blended(
            grid,
            own.map(({ maps }) => maps.get(alignment)!),
          );
          const want = calibration === 'before' ? smoothed(put, SIZE) : put;
          expectNear(image.maps.get(alignment)!, want);
          expect(image.scores.get(alignment)! / topMean(want, 0.02)).toBeCloseTo(1, 5);
        }
        const seen = own.map(({ statistics }) => statistics.get('cada')!);
        const [u, gamma] = image.statistics.get('cada')!;
        expect(u).toBeCloseTo(seen.reduce((sum, [each]) => sum + each, 0) / grid.count, 6);
        expect(gamma).toBeCloseTo(Math.max(...seen.map(([, each]) => each)), 6);
        expect(image.u).toBeCloseTo(own.reduce((sum, each) => sum + each.u, 0) / grid.count, 6);
      }
      expect(new Set(whole.map(({ scores }) => scores.get('none'))).size).toBe(3);
    },
    SLOW,
  );

  it(
    'is judged to the byte as it is uncut where the tile is the image',
    async () => {
      const config = await untrained({ method: 'revdist' });
      const images = drawn(3, TILE, 'uncut');
      expect(await scored({ ...config, tile: TILE, tileOverlap: 0.5 }, images)).toEqual(
        await scored(config, images),
      );
    },
    SLOW,
  );

  it(
    "has the highest of its tiles' scores with PatchCore, and the smoothed whole map",
    async () => {
      const config = await untrained({ method: 'patchcore', memoryRows: 40, align: ['none'] });
      const grid = tileGrid(SIZE, TILE, 0);
      const images = drawn(2, SIZE, 'patchcore');
      const whole = await scored({ ...config, size: SIZE, tile: TILE, tileOverlap: 0 }, images);
      const tiles = await scored(config, cut(images, grid));
      for (const [i, { scores, maps }] of whole.entries()) {
        const own = tiles.slice(i * grid.count, (i + 1) * grid.count);
        expect(scores.get('none')).toBe(Math.max(...own.map((tile) => tile.scores.get('none')!)));
        expect(maps.get('none')!.length).toBe(SIZE ** 2);
        expect(maps.get('none')!.every(Number.isFinite)).toBe(true);
      }
    },
    SLOW,
  );

  it(
    'has the highest window of its whole map as score with DRAEM',
    async () => {
      const config = await untrained({ method: 'draem', width: 4, align: ['none'] });
      const images = drawn(1, SIZE, 'draem');
      const [image] = await scored({ ...config, size: SIZE, tile: TILE, tileOverlap: 0 }, images);
      const map = image!.maps.get('none')!;
      let highest = 0;
      for (let y = 0; y < SIZE; y++) {
        for (let x = 0; x < SIZE; x++) {
          let sum = 0;
          for (let row = Math.max(0, y - 10); row <= Math.min(SIZE - 1, y + 10); row++) {
            for (let i = Math.max(0, x - 10); i <= Math.min(SIZE - 1, x + 10); i++)
              sum += map[row * SIZE + i]!;
          }
          highest = Math.max(highest, sum / 441);
        }
      }
      expect(image!.scores.get('none')! / highest).toBeCloseTo(1, 5);
    },
    SLOW,
  );
});

it.each([
  [16, 1, 16, 16],
  [4, 1, 4, 4],
  [16, 4, 4, 16],
  [16, 9, 1, 9],
  [16, 25, 1, 13],
  [4, 9, 1, 3],
  [2, 100, 1, 2],
])('with batch %i and %i tiles an image, %i images are scored at once, %i tiles a replay', (...numbers) => {
  const [batch, count, images, tiles] = numbers;
  expect(shareOut(batch, count)).toEqual({ images, tiles });
});
