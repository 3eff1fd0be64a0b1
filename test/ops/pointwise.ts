import * as ops from '../../src/graph/ops/pointwise.ts';
import type { Value } from '../../src/graph/value.ts';
import { broadcastShapes, type Shape } from '../../src/shape.ts';
import { gelu, map1, map2, sigmoid } from '../../src/specs/reference/ops.ts';
import { at, broadcastAt, build } from '../../src/specs/reference/tensor64.ts';
import type { OpSpec, Sample, SpecTable } from './spec.ts';

const SHAPES: Shape[] = [[1], [7], [2, 3, 5], [1, 129], [3, 1, 4, 11]];

/** Away from kinks at `edge`, so that differences and derivatives agree. */
const off =
  (...edges: number[]) =>
  (u: number): number => {
    const x = u * 8 - 4;
    return edges.some((edge) => Math.abs(x - edge) < 0.01) ? x + 0.02 : x;
  };

function unary(
  run: (x: Value) => Value,
  f: (x: number) => number,
  more: Partial<OpSpec> & { fill?: (u: number) => number } = {},
): OpSpec {
  const { fill, ...rest } = more;
  return {
    ...rest,
    samples: SHAPES.map(
      (shape): Sample => ({
        label: `[${shape}]`,
        inputs: [{ shape, fill }],
        run,
        reference: (x) => map1(x, f),
      }),
    ),
  };
}

const PAIRS: [Shape, Shape][] = [
  [[1], [1]],
  [
    [2, 3, 5],
    [2, 3, 5],
  ],
  [
    [2, 3, 5],
    [3, 1],
  ],
  [
    [4, 1, 7],
    [1, 3, 1],
  ],
  [[5], []],
  [
    [2, 17, 3, 3],
    [1, 17, 1, 1],
  ],
];

function binary(
  run: (a: Value, b: Value) => Value,
  f: (a: number, b: number) => number,
  more: Partial<OpSpec> & { fillB?: (u: number) => number } = {},
): OpSpec {
  const { fillB, ...rest } = more;
  return {
    ...rest,
    samples: PAIRS.map(
      ([a, b]): Sample => ({
        label: `[${a}] and [${b}]`,
        inputs: [{ shape: a }, { shape: b, fill: fillB }],
        run,
        reference: (x, y) => map2(x, y, f),
      }),
    ),
    rejects: [
      [() => run(ops.zerosLike(ops.broadcastTo(0, [2])), ops.broadcastTo(0, [3])), 'do not broadcast'],
    ],
  };
}

const positive = (u: number): number => 0.2 + 3 * u;

export const pointwiseSpecs: SpecTable = {
  add: binary(ops.add, (a, b) => a + b),
  sub: binary(ops.sub, (a, b) => a - b),
  mul: binary(ops.mul, (a, b) => a * b),
  div: binary(ops.div, (a, b) => a / b, { fillB: positive, ulps: 16 }),
  maximum: binary(ops.maximum, Math.max),
  minimum: binary(ops.minimum, Math.min),
  greater: binary(ops.greater, (a, b) => Number(a > b), { differentiable: false }),
  greaterEqual: binary(ops.greaterEqual, (a, b) => Number(a >= b), { differentiable: false }),
  equal: binary(ops.equal, (a, b) => Number(a === b), { differentiable: false }),
  neg: unary(ops.neg, (x) => -x),
  abs: unary(ops.abs, Math.abs, { fill: off(0) }),
  sign: unary(ops.sign, Math.sign, { differentiable: false }),
  square: unary(ops.square, (x) => x * x),
  exp: unary(ops.exp, Math.exp, { ulps: 64 }),
  log: unary(ops.log, Math.log, { fill: positive, ulps: 64 }),
  sqrt: unary(ops.sqrt, Math.sqrt, { fill: positive, ulps: 16 }),
  rsqrt: unary(ops.rsqrt, (x) => 1 / Math.sqrt(x), { fill: positive, ulps: 16 }),
  reciprocal: unary(ops.reciprocal, (x) => 1 / x, { fill: positive, ulps: 16 }),
  sigmoid: unary(ops.sigmoid, sigmoid, { ulps: 32 }),
  tanh: unary(ops.tanh, Math.tanh, { ulps: 128 }),
  relu: unary(ops.relu, (x) => Math.max(0, x), { fill: off(0) }),
  relu6: unary(ops.relu6, (x) => Math.min(6, Math.max(0, x)), { fill: (u) => off(0, 6)(u) * 2 }),
  // erf to 3e-7, times |x|.
  gelu: unary(ops.gelu, gelu, { ulps: 32 }),
  silu: unary(ops.silu, (x) => x * sigmoid(x), { ulps: 64 }),
  scale: unary(
    (x) => ops.scale(x, -1.7),
    (x) => x * -1.7,
  ),
  shift: unary(
    (x) => ops.shift(x, 0.3),
    (x) => x + 0.3,
  ),
  clamp: unary(
    (x) => ops.clamp(x, -1, 0.5),
    (x) => Math.min(0.5, Math.max(-1, x)),
    {
      fill: off(-1, 0.5),
      rejects: [
        [() => ops.clamp(ops.broadcastTo(0, [1]), 2, 1), 'clamp: low expects at most high, got 2 and 1'],
        [() => ops.scale(1, '2' as never), 'scale: expects a number, got "2"'],
        [() => ops.relu(undefined as never), 'relu: expects values, tensors or numbers, got undefined'],
      ],
    },
  ),
  clampBelow: unary(
    (x) => ops.clamp(x, -1, Number.POSITIVE_INFINITY),
    (x) => Math.max(-1, x),
    { fill: off(-1) },
  ),
  clampAbove: unary(
    (x) => ops.clamp(x, Number.NEGATIVE_INFINITY, 0.5),
    (x) => Math.min(0.5, x),
    { fill: off(0.5) },
  ),
  perDeviation: {
    ulps: 16,
    samples: [
      {
        label: 'a variance per channel',
        inputs: [{ shape: [2, 5, 3, 4] }, { shape: [1, 5, 1, 1], fill: positive }],
        run: (d, variance) => ops.perDeviation(d, variance, { factor: 0.75, eps: 1e-3 }),
        reference: (d, variance) =>
          build(d.shape, (i) => at(d, i) / Math.sqrt(0.75 * variance.data[i[1]!]! + 1e-3)),
      },
    ],
  },
  where: {
    samples: [
      {
        label: 'broadcast condition',
        inputs: [
          { shape: [3, 1], fill: (u) => Math.round(u), differentiable: false },
          { shape: [3, 5] },
          { shape: [5] },
        ],
        run: ops.where,
        reference: (c, a, b) =>
          build(broadcastShapes('where', broadcastShapes('where', c.shape, a.shape), b.shape), (i) =>
            broadcastAt(c, i) !== 0 ? broadcastAt(a, i) : broadcastAt(b, i),
          ),
      },
    ],
  },
  broadcastTo: {
    samples: [
      {
        label: '[3, 1] to [2, 3, 4]',
        inputs: [{ shape: [3, 1] }],
        run: (x) => ops.broadcastTo(x, [2, 3, 4]),
        reference: (x) => build([2, 3, 4], (i) => broadcastAt(x, i)),
      },
    ],
    rejects: [[() => ops.broadcastTo(ops.broadcastTo(0, [4]), [2]), 'broadcastTo']],
  },
  cast: {
    differentiable: false,
    samples: [
      {
        label: 'through i32: towards zero',
        inputs: [{ shape: [33], fill: (u) => u * 20 - 10 }],
        run: (x) => ops.cast(ops.cast(x, 'i32'), 'f32'),
        reference: (x) => map1(x, Math.trunc),
      },
      {
        label: 'through f16: eleven bits',
        inputs: [{ shape: [17], fill: (u) => Math.round(u * 2000 - 1000) }],
        run: (x) => ops.cast(ops.cast(x, 'f16'), 'f32'),
        reference: (x) => x,
      },
    ],
  },
  // A chain that fuses into one program, with a value used twice and one that is cheap to repeat.
  chain: {
    ulps: 64,
    samples: [
      {
        label: 'normalise, activate, add',
        inputs: [{ shape: [2, 5, 7] }, { shape: [5, 1] }, { shape: [2, 5, 7] }],
        run: (x, s, y) => {
          const normal = ops.mul(ops.sub(x, 0.5), s);
          return ops.add(ops.sigmoid(normal), ops.mul(normal, ops.tanh(y)));
        },
        reference: (x, s, y) =>
          build([2, 5, 7], (i) => {
            const normal = (broadcastAt(x, i) - 0.5) * broadcastAt(s, i);
            return sigmoid(normal) + normal * Math.tanh(broadcastAt(y, i));
          }),
      },
    ],
  },
};
