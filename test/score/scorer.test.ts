import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSafetensors } from '../../src/formats/writeSafetensors.ts';
import { initialize } from '../../src/nn/init.ts';
import { RandomStream } from '../../src/random.ts';
import { runFiles } from '../../src/run/folder.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { finiteMaps } from '../../src/score/finiteMaps.ts';
import type { ScoredImage } from '../../src/score/scoredImage.ts';
import { openScorer } from '../../src/score/scorer.ts';
import type { Scorer } from '../../src/score/scorerOn.ts';
import { countCreations } from '../runtime/creations.ts';

const SIZE = 64;
const config = {
  method: 'revdist',
  encoder: 'resnet18_w16',
  size: SIZE,
  batch: 4,
  align: ['none'],
  scoreFraction: 0.01,
  smoothing: 'author',
} as unknown as RunConfig;

const drawn = (count: number, random: RandomStream, side = SIZE): Uint8Array[] =>
  Array.from({ length: count }, () =>
    Uint8Array.from({ length: 3 * side * side }, () => random.integer(256)),
  );

let run: string;
let scorer: Scorer;
beforeAll(async () => {
  run = await mkdtemp(join(tmpdir(), 'wgad-scorer-'));
  const { parts } = runLayouts(config, 1);
  const specs = parts.flatMap(({ parameters, buffers }) => [...parameters.specs, ...buffers.specs]);
  await writeSafetensors(runFiles(run).weights, initialize(specs, 3), { classes: '["a"]' });
  scorer = await openScorer(run, config);
});
afterAll(async () => {
  scorer.close();
  await rm(run, { recursive: true, force: true });
});

it('scores more images than a replay holds, the same as in parts', async () => {
  expect(scorer.batch).toBe(4);
  const random = new RandomStream(5);
  const images = drawn(10, random);
  const labels = Array.from({ length: 10 }, () => 0);
  const whole = await scorer.score(images, labels);
  expect(whole).toHaveLength(10);
  const parts = [];
  for (const [first, end] of [
    [0, 4],
    [4, 8],
    [8, 10],
  ] as const) {
    parts.push(...(await scorer.score(images.slice(first, end), labels.slice(first, end))));
  }
  const scoresOf = (scored: typeof whole): number[] => scored.map(({ scores }) => scores.get('none')!);
  expect(scoresOf(whole)).toEqual(scoresOf(parts));
  expect(new Set(scoresOf(whole)).size).toBe(10);
  expect(whole[9]!.maps.get('none')).toEqual(parts[9]!.maps.get('none'));
}, 400_000);

it('numbers classes as the run knows them, and refuses others where their statistics are read', async () => {
  expect(scorer.labelsOf(['zzz', 'a'])).toEqual([0, 0]);
  const own = await mkdtemp(join(tmpdir(), 'wgad-scorer-'));
  const byClass: RunConfig = { ...config, align: ['class'] };
  const { parts } = runLayouts(byClass, 2);
  const specs = parts.flatMap(({ parameters, buffers }) => [...parameters.specs, ...buffers.specs]);
  const table = { shape: [2, 2], data: Float32Array.of(0, 1, 0, 2) };
  const tensors = new Map([...initialize(specs, 3), ['table', table] as const]);
  await writeSafetensors(runFiles(own).weights, tensors, { classes: '["a","b"]' });
  const known = await openScorer(own, byClass);
  try {
    expect(known.labelsOf(['b', 'a', 'b'])).toEqual([1, 0, 1]);
    expect(() => known.labelsOf(['b', 'zzz', 'constructor'])).toThrow(
      expect.objectContaining({
        code: 'E_DATASET',
        message: expect.stringContaining('has no statistics of class zzz, constructor'),
      }),
    );
  } finally {
    known.close();
    await rm(own, { recursive: true, force: true });
  }
}, 400_000);

it('scores in f16 close to f32, and not the same', async () => {
  const half = await openScorer(run, { ...config, precision: 'f16' });
  try {
    const random = new RandomStream(6);
    const images = drawn(2, random);
    const [full, halved] = [await scorer.score(images, [0, 0]), await half.score(images, [0, 0])];
    for (const [i, { maps, scores, u }] of full.entries()) {
      const [map, other] = [maps.get('none')!, halved[i]!.maps.get('none')!];
      const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value ** 2, 0);
      const distance = Math.sqrt(squares(other.map((value, at) => value - map[at]!)) / squares(map));
      expect(distance).toBeGreaterThan(1e-7);
      expect(distance).toBeLessThan(2e-3);
      expect(Math.abs(halved[i]!.scores.get('none')! / scores.get('none')! - 1)).toBeLessThan(1e-3);
      expect(Math.abs(halved[i]!.u / u - 1)).toBeLessThan(1e-3);
    }
    expect(await half.score(images, [0, 0])).toEqual(halved);
  } finally {
    half.close();
  }
}, 400_000);

it('a map or score that is not finite is refused by the path of its image', async () => {
  const scored = (pixel: number, score: number): ScoredImage => ({
    maps: new Map([
      ['none', Float32Array.of(0, 1, 2)],
      ['cada', Float32Array.of(0, pixel, 2)],
    ]),
    scores: new Map([
      ['none', 1],
      ['cada', score],
    ]),
    statistics: new Map(),
    floored: new Set(),
    u: 0,
  });
  const right = scored(1, 2);
  expect(finiteMaps('a/good.png', right)).toBe(right);
  expect(() => finiteMaps('a/bad.png', scored(Number.NaN, 2))).toThrow(
    'a/bad.png: NaN or infinite: 1 of 3 pixels under cada',
  );
  expect(() => finiteMaps('a/bad.png', scored(1, Number.POSITIVE_INFINITY))).toThrow(
    'a/bad.png: NaN or infinite: the score under cada',
  );
});

it('makes nothing on the device while it scores', async () => {
  const images = drawn(4, new RandomStream(7));
  const score = () => scorer.score(images, [0, 0, 0, 0]);
  await score();
  const creations = countCreations();
  for (let i = 0; i < 5; i++) await score();
  creations.stop();
  expect(creations.count()).toBe(0);
});
