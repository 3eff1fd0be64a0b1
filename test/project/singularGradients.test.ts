import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as wgad from '../../src/index.ts';
import { input, type Tensor, type Value } from '../../src/index.ts';
import { ssim } from '../../src/nn/ssim.ts';
import { SPECS } from '../ops/index.ts';
import { isNoOp } from '../ops/notOps.ts';

/**
 * Every public op at the points where its derivative is singular (kinks, ties, roots of 0, vectors of 0, infinities),
 * against PyTorch (tools/singular_goldens.py). A new op without an entry here fails.
 */

interface Case {
  readonly inputs: readonly { readonly shape: number[]; readonly data: (number | string)[] }[];
  /** Places of inputs that get no gradient. */
  readonly without: readonly number[];
  readonly cotangent: readonly number[];
  readonly grads: readonly (number | string)[][];
  readonly second?: readonly (number | string)[][];
}

const goldens: Readonly<Record<string, Readonly<Record<string, Case>>>> = JSON.parse(
  readFileSync(new URL('../goldens/singular.json', import.meta.url), 'utf8'),
);

type Run = (...inputs: Value[]) => Value;
const { constant, pad } = wgad;
const rows = { axes: [1] };
const ints = (data: number[], shape: number[]): Value => constant(data, shape, 'i32');

const spreads = (op: typeof wgad.std): Readonly<Record<string, Run>> => ({
  'equal values': (x) => op(x!, rows),
  'equal values, biased': (x) => op(x!, { ...rows, unbiased: false }),
  'one value, biased': (x) => op(x!, { ...rows, unbiased: false }),
  'equal values of everything': (x) => op(x!),
  'second derivatives': (x) => op(x!, rows),
});

/** How an op is called in its cases, where that is not as in its spec: one way for all of them, or one for each. */
const RUNS: Readonly<Record<string, Run | Readonly<Record<string, Run>>>> = {
  avgPool2d: {
    ties: (x) => wgad.avgPool2d(x, { kernel: 2, stride: 1, padding: 1 }),
    'in ceil mode': (x) => wgad.avgPool2d(x!, { kernel: 2, stride: 3, padding: 1, ceilMode: true }),
    'in ceil mode, image alone': (x) =>
      wgad.avgPool2d(x!, { kernel: 2, stride: 3, padding: 1, ceilMode: true, countIncludePad: false }),
  },
  batchNorm: (x, weight, bias, mean, variance) => wgad.batchNorm(x, { weight, bias, mean, variance }),
  batchNormTrain: (x, w, b) => wgad.batchNormTrain(x, w, b).out,
  binaryCrossEntropy: (z, t) => wgad.binaryCrossEntropy(z!, t!),
  broadcastTo: (x) => wgad.broadcastTo(x, [3, 2]),
  cast: (x) => wgad.cast(wgad.cast(x, 'f16'), 'f32'),
  clamp: {
    kink: (x) => wgad.clamp(x, -1, 2),
    infinite: (x) => wgad.clamp(x, -1, 2),
    nan: (x) => wgad.clamp(x, -1, 2),
    'kink of the lower bound alone': (x) => wgad.clamp(x, 0, Number.POSITIVE_INFINITY),
    'lower bound alone infinite': (x) => wgad.clamp(x, 0, Number.POSITIVE_INFINITY),
    'lower bound alone nan': (x) => wgad.clamp(x, 0, Number.POSITIVE_INFINITY),
    'kink of the upper bound alone': (x) => wgad.clamp(x, Number.NEGATIVE_INFINITY, 0),
    'upper bound alone infinite': (x) => wgad.clamp(x, Number.NEGATIVE_INFINITY, 0),
    'upper bound alone nan': (x) => wgad.clamp(x, Number.NEGATIVE_INFINITY, 0),
    'kink of equal bounds': (x) => wgad.clamp(x, 1, 1),
  },
  clipFactor: (...gradients) => wgad.clipFactor(gradients, 1),
  crossEntropy: {
    'minus infinity beside the label': (x) => wgad.crossEntropy(x, ints([1, 0], [2])),
    'minus infinity at the label': (x) => wgad.crossEntropy(x, ints([0, 0], [2])),
    'far apart': (x) => wgad.crossEntropy(x, ints([1, 0], [2])),
  },
  celu: (x) => wgad.celu(x!, 2),
  cumsum: (x) => wgad.cumsum(x!, 0),
  gather: (x) => wgad.gather(x, ints([1, 1, 0], [3])),
  gatherNd: (x) => wgad.gatherNd(x!, ints([1, 1, 0], [3, 1])),
  scatter: {
    set: (x, u) => wgad.scatter(x!, ints([2, 0], [2]), u!),
    'the same row twice': (x, u) => wgad.scatter(x!, ints([1, 1, 0], [3]), u!, { mode: 'add' }),
  },
  putAlongAxis: {
    set: (x, u) => wgad.putAlongAxis(x!, ints([2, 0], [2]), u!),
    'the same place twice': (x, u) => wgad.putAlongAxis(x!, ints([1, 1], [2]), u!, { mode: 'add' }),
  },
  scatterNd: (x, u) => wgad.scatterNd(x!, ints([1, 1, 0], [3, 1]), u!, { mode: 'add' }),
  sort: {
    ties: (x) => wgad.sort(x!).values,
    'ties, the largest first': (x) => wgad.sort(x!, { descending: true }).values,
  },
  gridSample: {
    'bilinear zeros': (x, grid) => wgad.gridSample(x!, grid!),
    'bilinear border': (x, grid) => wgad.gridSample(x!, grid!, { padding: 'border', alignCorners: true }),
    'bilinear reflection': (x, grid) => wgad.gridSample(x!, grid!, { padding: 'reflection' }),
    'nearest border': (x, grid) => wgad.gridSample(x!, grid!, { mode: 'nearest', padding: 'border' }),
    'bicubic reflection': (x, grid) =>
      wgad.gridSample(x!, grid!, { mode: 'bicubic', padding: 'reflection', alignCorners: true }),
  },
  gaussianBlur2d: (x) => wgad.gaussianBlur2d(x, { kernel: 3, sigma: 1, border: 'symmetric' }),
  groupNorm: (x, weight, bias) => wgad.groupNorm(x!, 2, { weight: weight!, bias: bias! }),
  huberLoss: (a, b) => wgad.huberLoss(a!, b!, { delta: 0.5 }),
  instanceNorm: (x) => wgad.instanceNorm(x!),
  interpolate: {
    'on the grid': (x) => wgad.interpolate(x, { size: [5, 2] }),
    'with corners': (x) => wgad.interpolate(x, { size: [5, 2], alignCorners: true }),
    nearest: (x) => wgad.interpolate(x, { size: [5, 2], mode: 'nearest' }),
    ...Object.fromEntries(
      (
        [
          ['bilinear antialias', { antialias: true }],
          ['bicubic', { mode: 'bicubic' }],
          ['bicubic antialias', { mode: 'bicubic', antialias: true }],
          ['bicubic align_corners', { mode: 'bicubic', alignCorners: true }],
          ['bicubic align_corners antialias', { mode: 'bicubic', alignCorners: true, antialias: true }],
          ['nearest-exact', { mode: 'nearest-exact' }],
        ] satisfies [string, Omit<wgad.InterpolateOptions, 'size'>][]
      ).flatMap(([label, more]): [string, Run][] => [
        [`${label}, smaller`, (x) => wgad.interpolate(x!, { size: [2, 3], ...more })],
        [`${label}, larger`, (x) => wgad.interpolate(x!, { size: [5, 8], ...more })],
      ]),
    ),
  },
  klDivergence: (a, b) => wgad.klDivergence(a!, b!),
  kthLargest: (x) => wgad.kthLargest(x, 2),
  layerNorm: (x, w, b) => wgad.layerNorm(x, w, b),
  logSoftmax: (x) => wgad.logSoftmax(x, 1),
  logSumExp: (x) => wgad.logSumExp(x!, rows),
  max: {
    ties: (x) => wgad.max(x, rows),
    'ties of everything': (x) => wgad.max(x),
    'infinite ties': (x) => wgad.max(x, rows),
  },
  maxPool2d: {
    ties: (x) => wgad.maxPool2d(x, { kernel: 2, stride: 1 }),
    'minus infinity': (x) => wgad.maxPool2d(x, { kernel: 2 }),
    'dilated, in ceil mode': (x) =>
      wgad.maxPool2d(x!, { kernel: 2, stride: 2, padding: 1, dilation: 2, ceilMode: true }),
  },
  maxPool2dWithIndices: (x) =>
    wgad.maxPool2dWithIndices(x!, { kernel: [2, 3], stride: [2, 1], ceilMode: true }).values,
  maxUnpool2d: (x) => {
    const { values, indices } = wgad.maxPool2dWithIndices(x!, { kernel: 2 });
    return wgad.maxUnpool2d(values, indices, [4, 5]);
  },
  maxPool1d: (x) => wgad.maxPool1d(x!, { kernel: 3, stride: 1 }),
  maxPool3d: (x) => wgad.maxPool3d(x!, { kernel: 2, stride: 1 }),
  mean: (x) => wgad.mean(x, rows),
  min: {
    ties: (x) => wgad.min(x, rows),
    'ties of everything': (x) => wgad.min(x),
    'infinite ties': (x) => wgad.min(x, rows),
  },
  nllLoss: (x) => wgad.nllLoss(x!, ints([1, 0], [2])),
  prod: (x) => wgad.prod(x!, rows),
  tril: (x) => wgad.tril(x!),
  triu: (x) => wgad.triu(x!),
  pad: {
    edge: (x) => wgad.square(pad(x, [1, 3], [2, 2], { mode: 'edge' })),
    symmetric: (x) => wgad.square(pad(x, [1, 3], [2, 2], { mode: 'symmetric' })),
    'edge, far beyond': (x) => pad(x, [5], [4], { mode: 'edge' }),
    'edge as PyTorch has it': (x) => pad(x, [0, 3, 1], [0, 0, 2], { mode: 'edge' }),
    constant: (x) => pad(x, [0, 1], [2, 0], { value: 1e30 }),
  },
  scale: (x) => wgad.scale(x, 3),
  shift: (x) => wgad.shift(x, 3),
  smoothL1Loss: (a, b) => wgad.smoothL1Loss(a, b, 0.5),
  softmax: (x) => wgad.softmax(x, 1),
  ssim,
  std: spreads(wgad.std),
  stopGradient: (x) => wgad.mul(x, wgad.stopGradient(x)),
  sum: (x) => wgad.sum(x, rows),
  takeAlongAxis: (x) => wgad.takeAlongAxis(x, ints([1, 1, 0], [1, 3])),
  topFractionMean: {
    distinct: (x) => wgad.topFractionMean(x, 0.5),
    'the maximum, tied': (x) => wgad.topFractionMean(x, 0),
  },
  topK: (x) => wgad.topK(x, 2).values,
  variance: {
    ...spreads(wgad.variance),
    'second derivatives of equal values': (x) => wgad.variance(x, rows),
  },
  where: {
    'infinite and NaN in the branch not taken': (c, a, b) => wgad.where(c!, a!, b!),
    'a division by zero in the branch not taken': (c, a) => wgad.where(c!, a!, wgad.scale(a!, 2)),
  },
};

/** Public functions without singular points, and why. */
const REGULAR: Readonly<Record<string, readonly string[]>> = {
  'polynomials of their arguments': [
    ...['avgPool1d', 'avgPool3d', 'conv1d', 'conv3d', 'convTranspose1d', 'convTranspose3d'],
    ...['adaptiveAvgPool2d', 'concat', 'conv2d', 'convTranspose2d', 'flatten', 'globalAvgPool2d', 'linear'],
    ...['matmul', 'permute', 'reshape', 'slice', 'split', 'transpose', 'dropout', 'flip', 'roll', 'squeeze'],
    ...['stack', 'tile', 'unsqueeze', 'einsum'],
  ],
  'smooth in all its arguments; a token that may see nothing gets zeros, by definition': ['attention'],
  'a softmax of products, which has its own cases': ['attentionWeights'],
  'made of clipFactor and of clamp, which have theirs': ['clipByNorm', 'clipByValue'],
};

it('has an entry for every public function', () => {
  const functions = Object.entries(wgad)
    .filter(([name, each]) => typeof each === 'function' && !name.endsWith('Error') && !isNoOp(name))
    .map(([name]) => name);
  const regular = Object.values(REGULAR).flat();
  expect(functions).toEqual(expect.arrayContaining(regular));
  const singular = functions.filter(
    (name) => SPECS[name]?.differentiable !== false && !regular.includes(name),
  );
  expect(singular.filter((name) => !goldens[name])).toEqual([]);
  expect(regular.filter((name) => goldens[name])).toEqual([]);
});

let engine: wgad.Engine;
beforeAll(async () => {
  engine = await wgad.Engine.create();
});
afterAll(() => engine?.dispose());

describe.each(Object.entries(goldens))('%s', (op, cases) => {
  it.each(Object.entries(cases))('the gradient at a singular point is PyTorch’s: %s', async (label, each) => {
    const entry = RUNS[op] ?? SPECS[op]?.samples[0].run;
    const run = typeof entry === 'function' ? entry : entry?.[label];
    expect(run, `${op}, ${label} needs a call here`).toBeDefined();
    const which = each.inputs.flatMap((_, i) => (each.without.includes(i) ? [] : [i]));
    const derivatives = engine.compile(
      (xs: Value[], cotangent: Value) => {
        const wrt = which.map((i) => xs[i]!);
        const first = wgad.grad(
          wgad.sum(wgad.mul(run!(...xs), wgad.reshape(cotangent, shapeOf(run!, each)))),
          wrt,
        );
        if (!each.second) return { first };
        // What no second derivative reaches must still count as reached.
        const terms = [...first, ...wrt.map((x) => wgad.scale(x, 0))].map((term) => wgad.sum(term));
        return {
          first,
          second: wgad.grad(
            terms.reduce((a, b) => wgad.add(a, b)),
            wrt,
          ),
        };
      },
      { label: `${op}, ${label}` },
    );
    const tensors = each.inputs.map(({ shape, data }) => engine.tensor(data.map(Number), shape));
    const got = await derivatives(tensors, engine.tensor(each.cotangent, [each.cotangent.length]));
    await expectAll(got.first, each.grads, 'derivative');
    if (got.second) await expectAll(got.second, each.second!, 'second derivative');
  });
});

const shapeOf = (run: Run, { inputs }: Case): readonly number[] =>
  run(...inputs.map(({ shape }, i) => input(`x${i}`, shape))).shape;

async function expectAll(
  got: readonly Tensor[],
  want: readonly (readonly (number | string)[])[],
  what: string,
): Promise<void> {
  for (const [i, tensor] of got.entries()) {
    const numbers = Array.from(await tensor.data());
    const wanted = want[i]!.map((each) => Math.fround(Number(each)));
    // Sums cancel to nothing only relative to their terms.
    const size = Math.max(1e-37, ...wanted.map((each) => (Number.isFinite(each) ? Math.abs(each) : 0)));
    const fits = numbers.map((each, j) => {
      const goal = wanted[j]!;
      return Number.isFinite(goal) ? Math.abs(each - goal) <= 1e-5 * size + 1e-7 : Object.is(each, goal);
    });
    expect(fits.every(Boolean), `${what} by input ${i}: got ${numbers}, PyTorch ${wanted}`).toBe(true);
  }
}

describe('numbers at the ends of float32', () => {
  /** A loss and its derivatives by the arguments. */
  async function derived(run: Run, ...data: number[][]): Promise<{ loss: number; grads: number[][] }> {
    const call = engine.compile((...xs: Value[]) => {
      const loss = run(...xs);
      return { loss, grads: wgad.grad(loss, xs) };
    });
    const { loss, grads } = await call(...data.map((each) => engine.tensor(each, [1, each.length])));
    const all = await Promise.all(grads.map(async (each) => Array.from(await each.data())));
    return { loss: (await loss.data())[0]!, grads: all };
  }

  it('infinite norms have the derivative 0, as in PyTorch', async () => {
    const huge = [
      [1e20, 0],
      [1, 2],
    ];
    const got = await derived((a, b) => wgad.sum(wgad.cosineMap(a!, b!)), ...huge);
    expect(got.loss).toBe(1);
    // Of either sign.
    expect(got.grads.flat().map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  it.each([1e-12, 1e-30, 1e-38, 1e-39, 1e-46, Number.MIN_VALUE])(
    'smoothL1Loss with alpha %s is |d|',
    async (alpha) => {
      const got = await derived((x) => wgad.smoothL1Loss(x!, 0, alpha), [1, -1e-10, 0, 3]);
      expect(got.loss).toBeCloseTo(1, 6);
      const [slopes] = got.grads;
      for (const [i, slope] of [0.25, -0.25, 0, 0.25].entries()) expect(slopes![i]).toBeCloseTo(slope, 6);
    },
  );

  it.each([1e-170, Number.MIN_VALUE, Number.MAX_VALUE])('gaussianBlur2d takes sigma %s', async (sigma) => {
    const blur = (x: Value): Value =>
      wgad.gaussianBlur2d(wgad.reshape(x, [1, 1, 1, 3]), { kernel: 3, sigma });
    const got = await derived((x) => wgad.sum(blur(x!)), [1, 2, 3]);
    expect(got.loss).toBeCloseTo(sigma < 1 ? 6 : 14 / 9, 5);
  });

  it('kthLargest has second derivatives', async () => {
    const got = await derived(
      (x) => {
        const [slope] = wgad.grad(wgad.sum(wgad.square(wgad.kthLargest(x!, 2))), [x!]);
        return wgad.sum(wgad.mul(slope!, constant([1, 2, 3], [1, 3])));
      },
      [1, 5, 3],
    );
    expect(got).toEqual({ loss: 18, grads: [[0, 0, 6]] });
  });
});
