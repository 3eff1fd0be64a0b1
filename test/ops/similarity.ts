import { cosineMap, rowDots } from '../../src/graph/ops/similarity.ts';
import { input } from '../../src/graph/value.ts';
import { cosineSimilarity, globalCosineLoss, hardMiningCosineLoss } from '../../src/nn/losses.ts';
import type { Shape } from '../../src/shape.ts';
import { at, build, roundingScale, type Tensor64 } from '../../src/specs/reference/tensor64.ts';
import type { SpecTable } from './spec.ts';

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((s, v, i) => s + v * y[i]!, 0);
  return dot(a, b) / (Math.max(Math.sqrt(dot(a, a)), 1e-8) * Math.max(Math.sqrt(dot(b, b)), 1e-8));
}

const channels = (x: Tensor64, [n, ...rest]: readonly number[]): number[] =>
  Array.from({ length: x.shape[1]! }, (_, c) => at(x, [n!, c, ...rest]));
const rows = (x: Tensor64): number[][] => {
  const width = x.data.length / x.shape[0]!;
  return Array.from({ length: x.shape[0]! }, (_, n) => [...x.data.subarray(n * width, (n + 1) * width)]);
};
const pairs: Shape[] = [
  [2, 3, 5, 7],
  [1, 1, 1, 1],
  [1, 257, 3, 3],
];

export const similaritySpecs: SpecTable = {
  cosineMap: {
    samples: pairs.map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }, { shape }],
      run: cosineMap,
      reference: (a, b) =>
        build([shape[0]!, ...shape.slice(2)], (i) => 1 - cosine(channels(a, i), channels(b, i))),
    })),
    rejects: [
      [
        () => cosineMap(input('a', [1, 3, 4, 4]), input('b', [1, 2, 4, 4])),
        'cosineMap: b expects [1, 3, 4, 4] (the shape of a), got [1, 2, 4, 4]',
      ],
    ],
  },
  cosineSimilarity: {
    samples: [
      {
        label: '[2, 3, 4]',
        inputs: [{ shape: [2, 3, 4] }, { shape: [2, 3, 4] }],
        run: cosineSimilarity,
        reference: (a, b) => build([2, 4], (i) => cosine(channels(a, i), channels(b, i))),
      },
    ],
  },
  rowDots: {
    samples: [
      [1, 1],
      [3, 7],
      [2, 5003],
    ].map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }, { shape }],
      run: rowDots,
      reference: (a, b) => {
        const sums = rows(a).flatMap((x, n) => {
          const y = rows(b)[n]!;
          return [x.map((v, i) => v * y[i]!), x.map((v) => v * v), y.map((v) => v * v)];
        });
        const add = (terms: number[], f: (v: number) => number): number =>
          terms.reduce((s, v) => s + f(v), 0);
        return {
          shape: [shape[0]!, 3],
          data: Float64Array.from(sums, (t) => add(t, (v) => v)),
          magnitude: Float64Array.from(sums, (t) => roundingScale(add(t, Math.abs), t.length)),
        };
      },
    })),
    rejects: [
      [
        () => rowDots(input('a', [2, 3, 4]), input('b', [2, 3, 4])),
        'rowDots: a expects [N, L], got [2, 3, 4]',
      ],
    ],
  },
  globalCosineLoss: {
    ulps: 8,
    samples: pairs.slice(0, 1).map((shape) => ({
      label: `[${shape}]`,
      inputs: [{ shape }, { shape }],
      run: globalCosineLoss,
      reference: (a, b) =>
        build([], () => rows(a).reduce((s, x, n) => s + 1 - cosine(x, rows(b)[n]!), 0) / shape[0]!),
    })),
  },
  hardMiningCosineLoss: {
    ulps: 8,
    // Its derivative is not that of its value: test/models/hardMining.test.ts.
    differentiable: false,
    samples: [-3, 1].map((strictness) => ({
      label: `strictness ${strictness}`,
      inputs: [{ shape: [2, 3, 5, 7] }, { shape: [2, 3, 5, 7] }, { shape: [1], fill: () => strictness }],
      run: hardMiningCosineLoss,
      reference: (a, b) =>
        build([], () => rows(a).reduce((s, x, n) => s + 1 - cosine(x, rows(b)[n]!), 0) / 2),
    })),
  },
};
