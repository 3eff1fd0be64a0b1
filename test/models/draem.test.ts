import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { valueAndGrad } from '../../src/autograd/reverse.ts';
import { IMAGENET_MEAN, IMAGENET_STD } from '../../src/data/normalize.ts';
import type { Value } from '../../src/graph/value.ts';
import { DRAEM_DEFAULTS, draemRateAt, draemSpecs, NORMALISED } from '../../src/methods/draem.ts';
import type { StateDict } from '../../src/nn/init.ts';
import { focalLoss } from '../../src/nn/losses.ts';
import { ssim } from '../../src/nn/ssim.ts';
import { runLayouts, trainedParts } from '../../src/run/networkLayouts.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import type { Tensor } from '../../src/runtime/tensor.ts';
import { scorePlan } from '../../src/score/scorePlan.ts';
import { product } from '../../src/shape.ts';
import { collectPlan, detectorStep, stepInputs } from '../../src/train/detectorPlans.ts';
import { hashed, hashedWeights, sampled } from './hashed.ts';

/** Written by tools/draem_goldens.py. */
const golden: {
  width: number;
  size: number;
  batch: number;
  cycle: number;
  lr: number;
  ssim: number;
  ssimGrad: number[];
  focal: number;
  focalGrad: number[];
  embedding: number[];
  map: number[];
  score: number[];
  losses: number[];
  float64: number[];
} = JSON.parse(readFileSync(new URL('../goldens/models/draem.json', import.meta.url), 'utf8'));

const { width, size, batch, cycle, lr } = golden;
const config = { method: 'draem', encoder: 'none', size, batch, width } as const;
const layouts = runLayouts(config, 2);
const PLANE = size * size;
/** How many of the twin's 50 steps are done; LONG=1 for all of them. */
const STEPS = process.env.LONG ? golden.losses.length : 6;

/** In [0, 1). */
const unit = (name: string, count: number): Float32Array =>
  hashed(name, count).map((value) => (value + 1) / 2);

/** As plans get images. */
const normalised = (plain: Float32Array): Float32Array =>
  plain.map((value, i) => {
    const c = Math.floor(i / PLANE) % 3;
    return (value - IMAGENET_MEAN[c]!) / IMAGENET_STD[c]!;
  });

/** The twin's batch: clean images, and others in some 8 x 8 blocks of them. */
function batchOf(k: number): { images: Float32Array; clean: Float32Array; mask: Float32Array } {
  const [clean, other] = ['clean', 'other'].map((name) => unit(`${name} ${k}`, batch * 3 * PLANE));
  const side = size / 8;
  const blocks = unit(`mask ${k}`, batch * side * side);
  const mask = Float32Array.from({ length: batch * PLANE }, (_, i) => {
    const [n, y, x] = [Math.floor(i / PLANE), Math.floor(i / size) % size, i % size];
    return Number(blocks[(n * side + Math.floor(y / 8)) * side + Math.floor(x / 8)]! > 0.8);
  });
  const images = clean!.map((value, i) =>
    mask[Math.floor(i / (3 * PLANE)) * PLANE + (i % PLANE)] ? other![i]! : value,
  );
  return { images: normalised(images), clean: normalised(clean!), mask };
}

/** The twin's start: its script says why batch norms differ from the hash. */
function startWeights(): StateDict {
  const { reconstruction, discrimination } = draemSpecs(width);
  const weights = hashedWeights([...reconstruction, ...discrimination]);
  for (const name of weights.keys()) {
    if (!name.endsWith('.running_mean')) continue;
    const norm = name.slice(0, -'.running_mean'.length);
    const change = (which: string, to: (value: number) => number): void => {
      const { shape, data } = weights.get(`${norm}.${which}`)!;
      weights.set(`${norm}.${which}`, { shape, data: data.map(to) });
    };
    change('weight', (value) => value * 0.5);
    change('bias', (value) => value + 1);
  }
  return weights;
}

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const furthest = (got: readonly number[], want: readonly number[]): number =>
  Math.max(...want.map((value, i) => Math.abs(got[i]! - value) / Math.max(1, Math.abs(value))));

describe('against PyTorch', () => {
  beforeAll(() => {
    const start = startWeights();
    for (const part of layouts.parts) session.load(part, start);
  });

  it('DRAEM makes PyTorch’s features, maps and scores of the same images', async () => {
    const { images } = batchOf(0);
    const rule = { ...config, smoothing: 'none', scoreFraction: null } as const;
    const score = await session.compile('golden score', scorePlan(rule, layouts, ['none'], 2));
    score.run({ images });
    const scored = await score.read();
    expect(furthest(sampled(scored.get('map.none') as Float32Array, 64), golden.map)).toBeLessThan(1e-4);
    expect(furthest([...scored.get('score.none')!], golden.score)).toBeLessThan(1e-4);
    score.destroy();
    const collect = await session.compile('golden feature', collectPlan(config, layouts));
    collect.run({ images });
    const feature = (await collect.read(['embedding'])).get('embedding') as Float32Array;
    expect(furthest(sampled(feature, 64), golden.embedding)).toBeLessThan(1e-4);
    collect.destroy();
  }, 600_000);

  it(`DRAEM does ${STEPS} training steps with PyTorch’s losses`, async () => {
    const { optimiser } = DRAEM_DEFAULTS;
    for (const part of trainedParts(layouts)) session.startOptimiser(part, optimiser);
    const executable = await session.compile('golden step', detectorStep(config, layouts));
    let worst = 0;
    for (const [step, want] of golden.losses.slice(0, STEPS).entries()) {
      // So many iterations that no rate falls.
      const rates = stepInputs({ ...config, iterations: 1000, lr, seed: 0 }, optimiser, step);
      executable.run({ ...batchOf(step % cycle), ...rates });
      const loss = (await executable.read(['loss'])).get('loss')![0]!;
      worst = Math.max(worst, Math.abs(loss - want));
      expect(Math.abs(loss - want), `step ${step}: ${loss} against ${want}`).toBeLessThan(1e-3);
    }
    const parted = Math.max(...golden.losses.map((loss, i) => Math.abs(loss - golden.float64[i]!)));
    console.log(
      `worst loss differs by ${worst.toExponential(1)}, PyTorch's two precisions by ${parted.toExponential(1)}`,
    );
    executable.destroy();
  }, 600_000);

  it('SSIM and focal loss have PyTorch’s losses and gradients', async () => {
    const engine = await Engine.create();
    const check = async (
      loss: (x: Value, y: Value) => Value,
      [x, xShape]: [Float32Array, number[]],
      [y, yShape]: [Float32Array, number[]],
      want: { value: number; slopes: number[] },
    ): Promise<void> => {
      const call = engine.compile(valueAndGrad(({ x }: { x: Value }, y: Value) => loss(x, y)));
      const { loss: value, grads } = await call({ x: engine.tensor(x, xShape) }, engine.tensor(y, yShape));
      expect(Math.abs((await (value as Tensor).data())[0]! - want.value)).toBeLessThan(1e-6);
      const slopes = sampled((await grads.x.data()) as Float32Array, want.slopes.length);
      const size = Math.max(...want.slopes.map(Math.abs));
      expect(Math.max(...want.slopes.map((slope, i) => Math.abs(slopes[i]! - slope)))).toBeLessThan(
        1e-4 * size,
      );
    };
    const [image, logits, mask] = [
      [2, 3, 24, 20],
      [2, 2, 9, 7],
      [2, 1, 9, 7],
    ] as const;
    try {
      await check(
        ssim,
        [unit('ssim x', product(image)), [...image]],
        [unit('ssim y', product(image)), [...image]],
        {
          value: golden.ssim,
          slopes: golden.ssimGrad,
        },
      );
      await check(
        focalLoss,
        [unit('focal z', product(logits)).map((value) => 4 * value), [...logits]],
        [unit('focal m', product(mask)).map((value) => Number(value > 0.7)), [...mask]],
        { value: golden.focal, slopes: golden.focalGrad },
      );
    } finally {
      engine.dispose();
    }
  }, 120_000);
});

it('takes back the normalisation that images have', () => {
  expect([NORMALISED.mean, NORMALISED.std]).toEqual([IMAGENET_MEAN, IMAGENET_STD]);
});

it('lets the rate fall to a fifth at four fifths, and again at nine tenths', () => {
  const rates = [0, 79, 80, 89, 90, 99].map((step) => draemRateAt(step, 100));
  expect(rates.map((rate) => Number(rate.toFixed(6)))).toEqual([1, 1, 0.2, 0.2, 0.04, 0.04]);
});
