import { afterAll, describe, expect, it } from 'vitest';
import * as api from '../../src/index.ts';
import { MOST_F32 } from '../../src/kernels/wgsl.ts';
import type { Shape } from '../../src/shape.ts';
import { pointwiseSpecs } from '../../src/specs/pointwise.ts';
import { type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import type { OpSpec, Sample } from '../../src/specs/spec.ts';
import { firstWrong } from '../../src/specs/specials.ts';

/**
 * NaN, infinities, zeros of either sign, the largest float and the smallest, in every pointwise function, wherever its text
 * is spliced, against PyTorch's semantics; what other ops make of them stands in test/ops.test.ts.
 */

const INF = Number.POSITIVE_INFINITY;
const SPECIALS = [Number.NaN, INF, -INF, -0, 0, MOST_F32, -MOST_F32, 1e-40, 1, -2.5];

let opened: Promise<api.Engine> | undefined;
const engine = (): Promise<api.Engine> => {
  opened ??= api.Engine.create();
  return opened;
};
afterAll(async () => (await opened)?.dispose());

async function resultOf(
  run: (...args: api.Value[]) => api.Value,
): Promise<(data: readonly ArrayLike<number>[], shapes: readonly Shape[]) => Promise<Float32Array>> {
  const device = await engine();
  const call = device.compile((args: api.Value[]) => run(...args));
  return async (data, shapes) => {
    const tensors = data.map((each, i) => device.tensor(each, shapes[i]!));
    const out = (await call(tensors)) as api.Tensor;
    const numbers = Float32Array.from(await out.data());
    for (const tensor of [...tensors, out]) tensor.dispose();
    return numbers;
  };
}

const text = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** Every combination of special numbers, one list per operand. */
function combinations(operands: number): Float32Array[] {
  const total = SPECIALS.length ** operands;
  return Array.from({ length: operands }, (_, i) =>
    Float32Array.from(
      { length: total },
      (_, flat) => SPECIALS[Math.floor(flat / SPECIALS.length ** i) % SPECIALS.length]!,
    ),
  );
}

const without = (data: ArrayLike<number>): number[] =>
  Array.from(data, (v) => (Math.abs(v) < 1.17e-38 ? 0 * v : v));

const CONTEXTS: readonly (readonly [string, (run: Sample['run']) => Sample['run']])[] = [
  ['alone', (run) => run],
  [
    'in the load of a sum',
    (run) =>
      (...args) =>
        api.sum(run(...args), { axes: [1], keepDims: true }),
  ],
  [
    'in the store of a product',
    (run) =>
      (first, ...more) =>
        run(api.matmul(first!, api.broadcastTo(1, [1, 1])), ...more),
  ],
];

/** The element that is wrong, and of what. */
function complaint(
  got: ArrayLike<number>,
  want: Tensor64,
  operands: readonly ArrayLike<number>[],
  flushed?: Tensor64,
): string | undefined {
  const wrong = firstWrong(got, want, { flushed });
  if (wrong === undefined) return undefined;
  const of = operands.map((each) => text(each[wrong]!)).join(', ');
  return `of ${of}: got ${text(got[wrong]!)}, expected ${text(Math.fround(want.data[wrong]!))}`;
}

/** `constant` and `identity` are functions of no number of their own. */
const FUNCTIONS = Object.entries<OpSpec>(pointwiseSpecs).filter(
  ([name]) => !['constant', 'identity'].includes(name),
);
const RUNS = FUNCTIONS.flatMap(([name, { samples }]) =>
  samples
    .filter(({ run }, i) => samples.findIndex((other) => other.run === run) === i)
    .map((sample) => [`${name} ${sample.label}`, sample] as const),
);

describe.each(RUNS)('%s, of special numbers', (_, sample) => {
  it.each(CONTEXTS)('special numbers end as in float64: %s', async (_context, inside) => {
    const data = combinations(sample.inputs.length);
    const shape = [data[0]!.length, 1];
    const reference = (numbers: ArrayLike<number>[]): Tensor64 =>
      sample.reference(...numbers.map((each) => tensor64(shape, each)));
    const run = await resultOf(inside((...args) => sample.run(...args)));
    const got = await run(
      data,
      data.map(() => shape),
    );
    expect(complaint(got, reference(data), data, reference(data.map(without)))).toBeUndefined();
  });
});

/** What float32 makes of a number: those beyond it are infinite, those too small 0. */
const NUMBERS = [Number.NaN, INF, -INF, 0, -0, 1e39, -1e40, 1e-46, 5e-46, MOST_F32, 3.4028235e38];

type Binary = readonly [
  name: string,
  run: (a: api.Operand, b: api.Operand) => api.Value,
  f: (a: number, b: number) => number,
];
const BINARY: readonly Binary[] = [
  ['add', api.add, (a, b) => a + b],
  ['sub', api.sub, (a, b) => a - b],
  ['mul', api.mul, (a, b) => a * b],
  ['div', api.div, (a, b) => a / b],
  ['maximum', api.maximum, Math.max],
  ['minimum', api.minimum, Math.min],
  ['greater', api.greater, (a, b) => Number(a > b)],
  ['equal', api.equal, (a, b) => Number(a === b)],
];
const WITH_NUMBER: readonly [
  name: string,
  run: (x: api.Value, number: number) => api.Value,
  f: (x: number, number: number) => number,
][] = [
  ...BINARY.flatMap(([name, run, f]): (typeof WITH_NUMBER)[number][] => [
    [`${name}(x, n)`, (x, number) => run(x, number), f],
    [`${name}(n, x)`, (x, number) => run(number, x), (x, number) => f(number, x)],
  ]),
  ['scale(x, n)', api.scale, (x, number) => x * number],
  ['shift(x, n)', api.shift, (x, number) => x + number],
  ['mul(x, constant)', (x, number) => api.mul(x, api.constant([number], [])), (x, number) => x * number],
  ['mul(x, stretched)', (x, number) => api.mul(x, api.broadcastTo(number, x.shape)), (x, n) => x * n],
  [
    'clamp from n',
    (x, n) => api.clamp(x, Math.min(n, 0) || 0, 2),
    (x, n) => Math.min(2, Math.max(Math.min(n, 0) || 0, x)),
  ],
  ['where(x, n, 7)', (x, number) => api.where(x, number, 7), (x, number) => (x === 0 ? 7 : number)],
  ['where(n, x, 7)', (x, number) => api.where(number, x, 7), (x, number) => (number === 0 ? 7 : x)],
];

describe('numbers as operands', () => {
  const x = SPECIALS.filter((each) => Math.abs(each) !== 1e-40);
  // One kernel holds all numbers, each where `which` says so: they are literals of its text.
  it.each(WITH_NUMBER)('a number as operand ends as in float64: %s', async (_, run, f) => {
    const call = await resultOf(
      (value, which) =>
        NUMBERS.reduceRight<api.Operand>(
          (others, number, i) => api.where(api.equal(which!, i), run(value!, number), others),
          0,
        ) as api.Value,
    );
    const pairs = NUMBERS.flatMap((number, i) => x.map((value) => ({ value, number, i })));
    const data = [Float32Array.from(pairs, ({ value }) => value), Float32Array.from(pairs, ({ i }) => i)];
    const shape = [pairs.length];
    const want = tensor64(
      shape,
      pairs.map(({ value, number }) => f(value, Math.fround(number))),
    );
    const got = await call(data, [shape, shape]);
    expect(complaint(got, want, [data[0]!, pairs.map(({ number }) => number)])).toBeUndefined();
  });

  it.each([Number.NaN, -INF, -0, -1e40])('padding with %s gives that number', async (number) => {
    const call = await resultOf((value) =>
      api.slice(api.pad(value!, [0], [x.length], { value: number }), [{ start: x.length }]),
    );
    const got = await call([Float32Array.from(x)], [[x.length]]);
    const want = x.map(() => Math.fround(number));
    expect(complaint(got, tensor64([x.length], want), [x])).toBeUndefined();
  });

  it('numbers as operands keep NaN, infinities and zeros of either sign apart', async () => {
    const device = await engine();
    const all = device.compile((one: api.Value) =>
      [Number.NaN, INF, -INF, 0, -0].map((number) => api.div(one, api.constant([number], []))),
    );
    const results = await all(device.tensor([1], [1]));
    const numbers = await Promise.all(results.map(async (each) => (await each.data())[0]));
    expect(numbers).toEqual([Number.NaN, 0, -0, INF, -INF]);
  });

  it('whole numbers that an integer type does not hold are refused', () => {
    for (const [number, dtype] of [
      [2 ** 31, 'i32'],
      [-1, 'u32'],
      [Number.NaN, 'i32'],
      [INF, 'u32'],
    ] as const) {
      expect(() => api.constant([number], [], dtype)).toThrow(api.DtypeError);
    }
  });
});

/** Compilers that know both operands to be one find 0 and 1 there; an infinity or NaN lies between all the same. */
const CANCELLING: readonly [
  name: string,
  run: (x: api.Value, y: api.Value) => api.Value,
  f: (x: number, y: number) => number,
][] = [
  ['x - x', (x) => api.sub(x, x), (x) => x - x],
  ['x + (-x)', (x) => api.add(x, api.neg(x)), (x) => x - x],
  ['x / x', (x) => api.div(x, x), (x) => x / x],
  ['(x + y) - x', (x, y) => api.sub(api.add(x, y), x), (x, y) => Math.fround(Math.fround(x + y) - x)],
  ['x - (x - y)', (x, y) => api.sub(x, api.sub(x, y)), (x, y) => Math.fround(x - Math.fround(x - y))],
  [
    '(x + y) - (y + x)',
    (x, y) => api.sub(api.add(x, y), api.add(y, x)),
    (x, y) => Math.fround(x + y) - Math.fround(x + y),
  ],
  ['1e30 x 1e-30', (x) => api.scale(api.scale(x, 1e30), 1e-30), (x) => Math.fround(x * 1e30) * 1e-30],
  [
    'x + 3e38 - 3e38',
    (x) => api.shift(api.shift(x, 3e38), -3e38),
    (x) => Math.fround(x + Math.fround(3e38)) - Math.fround(3e38),
  ],
  ['(x + x) - x', (x) => api.sub(api.add(x, x), x), (x) => Math.fround(x + x) - x],
  ['2 x - x', (x) => api.sub(api.scale(x, 2), x), (x) => Math.fround(2 * x) - x],
  ['(x + 1e39) - x', (x) => api.sub(api.shift(x, 1e39), x), (x) => x + INF - x],
  ['infinity (x > x)', (x) => api.scale(api.greater(x, x), INF), () => Number.NaN],
  ['0 (x y)', (x, y) => api.scale(api.mul(x, y), 0), (x, y) => Math.fround(x * y) * 0],
  ['0 / x + y', (x, y) => api.add(api.div(0, x), y), (x, y) => 0 / x + y],
  ['(x / 0) y', (x, y) => api.mul(api.div(x, 0), y), (x, y) => (x / 0) * y],
];

describe('what seems to cancel', () => {
  it.each(CANCELLING)('what seems to cancel is computed: %s', async (_, run, f) => {
    const [x, y] = combinations(2) as [Float32Array, Float32Array];
    const call = await resultOf((a, b) => run(a!, b!));
    const numbers = tensor64(
      [x.length],
      Array.from(x, (each, i) => f(each, y[i]!)),
    );
    const flushed = tensor64(
      [x.length],
      without(x).map((each, i) => f(each, without(y)[i]!)),
    );
    const got = await call([x, y], [[x.length], [y.length]]);
    expect(complaint(got, numbers, [x, y], flushed)).toBeUndefined();
  });
});
