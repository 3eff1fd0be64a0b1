import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from '../../src/data/index.ts';
import { readWeights } from '../../src/formats/weightsFile.ts';
import { input } from '../../src/graph/value.ts';
import { calibratedMap, mapStatistics, onSharedScale, scoreMap } from '../../src/methods/cada.ts';
import { RECONTRAST_DEFAULTS } from '../../src/methods/recontrast.ts';
import { SETTINGS, settingsAt } from '../../src/nn/optimiser.ts';
import { checkConfig, optimiserOf } from '../../src/run/config.ts';
import { runLayouts } from '../../src/run/networkLayouts.ts';
import type { RunConfig } from '../../src/run/settings.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { classTable } from '../../src/train/collect.ts';
import { collectPlan, headStep, stepInputs, wholeHeadStep } from '../../src/train/detectorPlans.ts';
import type { Stage } from '../../src/train/training.ts';
import { trainRun } from '../../src/train/trainRun.ts';
import { hashed, hashedWeights } from '../models/hashed.ts';
import { ONE_DEVICE } from '../parking.ts';
import { SMALL_CONFIG } from '../run/smallConfig.ts';

/** The first use of a kernel compiles for seconds on a software adapter. */
const SLOW = 600_000;
const CONFIG: RunConfig = { ...SMALL_CONFIG, align: ['cada'], iterations: 8, alignIterations: 12 };

let root = '';
let session: Session;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'wgad-choices-'));
  await synthesize({ out: join(root, 'data'), classes: 2, train: 4, test: 2, size: 64, seed: 3 });
  session = await openSession();
}, SLOW);
afterAll(async () => {
  session.close();
  await rm(root, { recursive: true, force: true });
});

describe('what the paper leaves open', () => {
  it('values that are no choice are refused, all at once', () => {
    const odd = {
      adamEps: 0,
      alignLr: -1,
      alignAlpha: Number.NaN,
      lrSchedule: 'cosine',
      alignBase: 'odd',
      calibration: 'never',
      pixelScale: 'mine',
      classTable: 'median',
    } as unknown as RunConfig;
    const texts = [
      'adamEps expects more than 0, got 0',
      'lrSchedule expects one of method, constant, got cosine',
      'alignLr expects more than 0, got -1',
      'alignAlpha expects more than 0, got NaN',
      'calibration expects one of before, after, got never',
      'pixelScale expects one of own, shared, got mine',
      'classTable expects one of maximum, sigma, got median',
      'alignBase expects one of evaluation, training, got odd',
    ];
    expect(() => checkConfig({ ...CONFIG, ...odd })).toThrow(texts.join('; '));
  });

  it('a choice is the specified default where nothing was chosen', () => {
    expect(optimiserOf(CONFIG)).toMatchObject({ eps: 1e-8, amsgrad: false });
    const chosen = optimiserOf({ ...CONFIG, adamEps: 1e-10, amsgrad: true });
    expect(chosen).toMatchObject({ eps: 1e-10, amsgrad: true, lr: 2e-3, weightDecay: 1e-5 });
    const rate = (lrSchedule?: 'method' | 'constant'): number =>
      stepInputs({ ...CONFIG, lrSchedule }, RECONTRAST_DEFAULTS.optimiser, 7)[SETTINGS]![0]! as number;
    expect([rate(), rate('method'), rate('constant')]).toEqual([4e-4, 4e-4, 2e-3].map(Math.fround));
  });
});

it('a class table goes by the mean of the maxima, or by the deviation of all pixels of the class', () => {
  const pixels = Array.from({ length: 3 }, (_, i) =>
    [...hashed(`image ${i}`, 4096)].map((x) => 0.3 + i + (i + 1) * x),
  );
  const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;
  const std = (x: readonly number[]): number => {
    const m = mean(x);
    return Math.sqrt(x.reduce((sum, value) => sum + (value - m) ** 2, 0) / (x.length - 1));
  };
  const sample = (className: string) => ({ className }) as never;
  const dataset = { classes: ['a', 'b'], train: [sample('a'), sample('b'), sample('a')] };
  const targets = {
    u: Float32Array.from(pixels, mean),
    gamma: Float32Array.from(pixels, (x) => Math.max(...x)),
    upper: Float32Array.from(pixels, (x) => mean(x) + 3 * std(x)),
  };
  const all = [...pixels[0]!, ...pixels[2]!];
  const usual = classTable(dataset, targets).values;
  const sigma = classTable(dataset, targets, 'sigma').values;
  const near = (got: Float32Array, want: readonly number[]): void =>
    want.forEach((value, i) => {
      expect(got[i]).toBeCloseTo(value, 3);
    });
  near(usual, [mean(all), (targets.gamma[0]! + targets.gamma[2]!) / 2, mean(pixels[1]!), targets.gamma[1]!]);
  near(sigma, [
    mean(all),
    mean(all) + 3 * std(all),
    mean(pixels[1]!),
    mean(pixels[1]!) + 3 * std(pixels[1]!),
  ]);
});

it('on the shared scale a calibrated map is divided by the average range of the classes, its own no longer', async () => {
  const [map, statistics, table] = [
    input('map', [3, 5, 7]),
    input('statistics', [3, 2]),
    input('table', [2, 2]),
  ];
  const outputs = new Map([['shared', onSharedScale(map, statistics, table)]]);
  const executable = await session.compile('shared', { outputs, effects: [] });
  const numbers = hashed('calibrated map', 3 * 5 * 7);
  // The last image's level lies below its mean: the floor of equation 5 stands for its range.
  const levels = [0.1, 0.5, 2, 9, 3, 2];
  executable.run({
    map: numbers,
    statistics: Float32Array.from(levels),
    table: Float32Array.of(0.25, 1, 1, 4),
  });
  const out = (await executable.read()).get('shared')!;
  executable.destroy();
  const ranges = [0.4, 7, 3e-6];
  for (const [i, value] of numbers.entries()) {
    const want = (value * ranges[Math.floor(i / 35)]!) / ((0.75 + 3) / 2);
    expect(Math.abs(out[i]! - want)).toBeLessThanOrEqual(1e-6 * Math.abs(want) + 1e-12);
  }
  expect(() => checkConfig({ ...CONFIG, size: 128, tile: 64, pixelScale: 'shared' })).toThrow(
    'pixelScale expects own for images in tiles, got shared',
  );
  expect(() => checkConfig({ ...CONFIG, tile: CONFIG.size, pixelScale: 'shared' })).not.toThrow();
});

it('calibrated after smoothing by its own statistics, a map has mean 0 and maximum 1; before, the un-smoothed one', async () => {
  const map = input('map', [2, 1, 64, 64]);
  const outputs = new Map();
  for (const calibration of ['before', 'after'] as const) {
    const rule = { smoothing: 'author', scoreFraction: 0, calibration } as const;
    const { u, gamma } = mapStatistics(calibratedMap(map, rule));
    outputs.set(`${calibration} u`, u).set(`${calibration} gamma`, gamma);
    const scored = scoreMap({ map }, input(`${calibration} statistics`, [2, 2]), rule);
    outputs.set(`${calibration} map`, scored.map);
  }
  const executable = await session.compile('order', { outputs, effects: [] });
  const numbers = hashed('map', 2 * 64 * 64);
  const none = new Float32Array(4);
  executable.run({ map: numbers, 'before statistics': none, 'after statistics': none });
  const first = await executable.read();
  const statistics = (name: string): Float32Array =>
    Float32Array.from([0, 1].flatMap((i) => [first.get(`${name} u`)![i]!, first.get(`${name} gamma`)![i]!]));
  const after = statistics('after');
  executable.run({ map: numbers, 'before statistics': statistics('before'), 'after statistics': after });
  const out = await executable.read();
  executable.destroy();
  for (const i of [0, 1]) {
    const own = [...out.get('after map')!.slice(i * 4096, (i + 1) * 4096)];
    expect(own.reduce((sum, value) => sum + value, 0) / 4096).toBeCloseTo(0, 5);
    expect(Math.max(...own)).toBeCloseTo(1, 5);
    // The smoothed map's maximum is another than the map's.
    expect(after[2 * i + 1]).toBeLessThan(0.8 * statistics('before')[2 * i + 1]!);
    const before = [...out.get('before map')!.slice(i * 4096, (i + 1) * 4096)];
    expect(Math.max(...before)).toBeLessThan(0.8);
  }
});

describe('a head trained behind the detector', () => {
  const layouts = runLayouts(CONFIG, 2);
  const BATCH = 16;

  /** Losses of five steps on two batches, from the same start. */
  async function losses(which: 'regressor' | 'classifier', how: 'cached' | 'evaluation' | 'training') {
    const parts = [...layouts.parts, layouts.heads[which]];
    for (const part of parts) {
      session.load(part, hashedWeights([...part.parameters.specs, ...part.buffers.specs]));
    }
    session.startOptimiser(layouts.heads[which], { kind: 'sgd', lr: 5e-2, momentum: 0.9, weightDecay: 1e-4 });
    const graph =
      how === 'cached' ? headStep(CONFIG, layouts, which, 2) : wholeHeadStep(CONFIG, layouts, which, 2, how);
    const executable = await session.compile(`${which} ${how}`, graph);
    // What the cache holds: the same detector in evaluation.
    const collected = await session.compile('collected', collectPlan({ ...CONFIG, batch: BATCH }, layouts));
    const found: number[] = [];
    for (let step = 0; step < 5; step++) {
      const images = hashed(`images ${step % 2}`, BATCH * 3 * 64 * 64).map((v) => v * 2);
      const common = {
        labels: Int32Array.from({ length: BATCH }, (_, i) => i % 2),
        key: Uint32Array.of(0, 0, step, 0),
        [SETTINGS]: settingsAt({ kind: 'sgd', lr: 5e-2, momentum: 0.9, weightDecay: 1e-4 }, step),
      };
      if (how === 'cached') {
        collected.run({ images });
        const out = await collected.read();
        const [u, gamma] = [out.get('u')!, out.get('gamma')!];
        executable.run({
          ...common,
          feature: out.get('embedding') as Float32Array,
          targets: Float32Array.from({ length: 2 * BATCH }, (_, i) => (i % 2 ? gamma : u)[i >> 1]!),
        });
      } else executable.run({ ...common, images });
      found.push((await executable.read(['loss'])).get('loss')![0]!);
    }
    executable.destroy();
    collected.destroy();
    return found;
  }

  it.each(['regressor', 'classifier'] as const)(
    'a head trained behind the detector has, in evaluation, the losses of one on cached features (%s); in training others',
    async (which) => {
      const cached = await losses(which, 'cached');
      const whole = await losses(which, 'evaluation');
      whole.forEach((loss, step) => {
        expect(loss, `step ${step}`).toBeCloseTo(cached[step]!, 5);
      });
      expect((await losses(which, 'training'))[0]).not.toBeCloseTo(cached[0]!, 3);
    },
    SLOW,
  );
});

describe('a training with other choices', () => {
  const CHOSEN = { amsgrad: true, adamEps: 1e-10, alignBase: 'training', alignLr: 1e-3 } as const;
  const train = (
    run: string,
    more: Partial<RunConfig>,
    resume = false,
    stage?: Stage,
    step = 0,
  ): Promise<boolean> => {
    const stop = new AbortController();
    return trainRun({
      run: join(root, run),
      config: { ...CONFIG, ...more, data: join(root, 'data') },
      resume,
      gpu: ONE_DEVICE,
      signal: stop.signal,
      onProgress: (now, report) => {
        if (now === stage && report.step >= step) stop.abort();
      },
    });
  };
  const bytes = (run: string): Promise<Buffer> => readFile(join(root, run, 'weights.safetensors'));

  it(
    'a training with other choices, stopped in both stages, ends with the bytes of one that was not, not those of the default',
    async () => {
      expect(await train('whole', CHOSEN)).toBe(true);
      expect(await train('parts', CHOSEN, false, 'detector', 1)).toBe(false);
      expect(await train('parts', CHOSEN, true, 'regressor', 1)).toBe(false);
      expect(await train('parts', CHOSEN, true)).toBe(true);
      expect((await bytes('parts')).equals(await bytes('whole'))).toBe(true);
      expect(await train('usual', {})).toBe(true);
      const [whole, usual] = await Promise.all(
        ['whole', 'usual'].map(
          async (run) => (await readWeights(join(root, run, 'weights.safetensors'))).tensors,
        ),
      );
      for (const name of ['decoder.layer1.0.conv1.weight', 'regressor.fc2.weight']) {
        expect(whole!.get(name)!.data, name).not.toEqual(usual!.get(name)!.data);
      }
    },
    SLOW,
  );
});
