import { afterAll, describe, expect, it } from 'vitest';
import * as api from '../../src/index.ts';
import { RandomStream } from '../../src/random.ts';
import { product, type Shape } from '../../src/shape.ts';
import { type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import { SPECS } from '../ops/index.ts';
import type { OpSpec, Sample, SampleInput } from '../ops/spec.ts';
import { DEFINED } from './specialReferences.ts';

/**
 * NaN, infinities, zeros of either sign, the largest float and the smallest, in each operand of every public op, against
 * PyTorch's semantics: the float64 references of test/ops, but where those are no definition (below). Sizes are those of
 * test/ops: each kernel of a family runs.
 */

const INF = Number.POSITIVE_INFINITY;
const MOST = 3.4028234663852886e38;
const SPECIALS = [Number.NaN, INF, -INF, -0, 0, MOST, -MOST, 1e-40, 1, -2.5];

/** Public functions that compute nothing of tensors, or whose specs have another name. */
const NO_OPS: Readonly<Record<string, string>> = {
  grad: 'builds graphs',
  valueAndGrad: 'builds graphs',
  parseSafetensors: 'reads a file',
  listAdapters: 'asks the system',
  buildPlan: 'builds plans',
  stopGradient: 'changes no number',
  withVjp: 'changes no number',
  flatten: 'a view, like reshape',
  printGraph: 'prints',
  printPlan: 'prints',
  constant: 'see numbers as operands',
  input: 'holds no number',
  initialize: 'draws on the host',
  kaimingNormalFanOut: 'draws on the host',
  normal: 'draws on the host',
  ones: 'fills on the host',
  pytorchDefault: 'draws on the host',
  uniform: 'draws on the host',
  xavierUniform: 'draws on the host',
  zeros: 'fills on the host',
  declare: 'lists parameters',
  layersOf: 'lists parameters',
  within: 'names parameters',
  adamw: 'see updates',
  sgd: 'see updates',
  optimiserStep: 'see updates',
  settingsAt: 'computes on the host',
  clipFactor: 'see clipping',
  bindNetwork: 'lists parameters',
  networkLayout: 'lists parameters',
  Engine: 'runs the others',
};
const UNDER_OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  interpolate: ['interpolateBilinear', 'interpolateCorners', 'interpolateNearest'],
};

/** Specs that are no function of the numbers put in, or whose special values another test has. */
const APART: Readonly<Record<string, string>> = {
  randomUniform: 'takes no float',
  randomNormal: 'takes no float',
  oneHot: 'takes no float',
  nearestRows: 'PyTorch has no such op; see searches',
  nearestIndices: 'the same',
  topKIndices: 'its places are those of topK',
  topFractionMeanTies: 'about derivatives',
  gradientGate: 'about derivatives',
  crossEntropy: 'what its labels choose and weigh has tests of its own',
  focalLoss: 'its reference overflows; a composite of ops that stand here',
};

const ONE_OPERAND =
  'neg abs sign square exp log sqrt rsqrt reciprocal sigmoid tanh relu relu6 gelu silu scale shift clamp clampBelow clampAbove'.split(
    ' ',
  );
const TWO_OPERANDS = 'add sub mul div maximum minimum greater greaterEqual equal'.split(' ');
/** Of more numbers only those that are none are tried: references in float64 take their time. */
const MANY = 1500;

const POINTWISE = [...ONE_OPERAND, ...TWO_OPERANDS, 'where'];
/** A sum in between may exceed what float32 holds although the result does not. */
const ALSO_LARGEST = [
  'max',
  'min',
  'maxPool2d',
  'kthLargest',
  'topK',
  'argmax',
  'gather',
  'takeAlongAxis',
  'pad',
  'padMirrored',
  'concat',
  'slice',
  'split',
  'permute',
  'transpose',
  'reshape',
  'broadcastTo',
  'interpolateNearest',
  'cast',
];
/**
 * Winograd's transforms spread NaN over the 2 x 2 or 4 x 4 pixels computed together; a transposed convolution multiplies
 * its weights by zeros too.
 */
const SPREADS = ['conv2d', 'convEpilogue', 'convTranspose2d'];

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

/** Why `got` is not `want`; undefined where it is. Subnormal numbers may be zero, in and out. */
function wrong(
  got: ArrayLike<number>,
  want: Tensor64,
  flushed?: Tensor64,
  spreads = false,
): string | undefined {
  if (got.length !== want.data.length) return `${got.length} numbers for ${want.data.length}`;
  const is = (value: number, target: number, i: number): boolean => {
    const rounded = Math.fround(target);
    if (Number.isNaN(rounded)) return Number.isNaN(value);
    if (spreads && Number.isNaN(value)) return true;
    if (!Number.isFinite(rounded))
      return value === rounded || (Math.abs(target) <= MOST * 1.0001 && Math.abs(value) > MOST * 0.999);
    return Math.abs(value - rounded) <= 1e-3 * Math.max(1, Math.abs(rounded), want.magnitude?.[i] ?? 0);
  };
  for (let i = 0; i < got.length; i++) {
    if (is(got[i]!, want.data[i]!, i) || (flushed && is(got[i]!, flushed.data[i]!, i))) continue;
    return `element ${i}: got ${text(got[i]!)}, expected ${text(Math.fround(want.data[i]!))}`;
  }
  return undefined;
}

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

describe.each(POINTWISE)('%s of special numbers', (name) => {
  const operands = name === 'where' ? 3 : TWO_OPERANDS.includes(name) ? 2 : 1;
  const sample = SPECS[name]!.samples[0]!;
  it.each(CONTEXTS)('%s', async (_, inside) => {
    const data = combinations(operands);
    const shape = [data[0]!.length, 1];
    const reference = (numbers: ArrayLike<number>[]): Tensor64 => {
      const inputs = numbers.map((each) => tensor64(shape, each));
      return DEFINED[name]?.(sample, ...inputs) ?? sample.reference(...inputs);
    };
    const run = await resultOf(inside((...args) => sample.run(...args)));
    const got = await run(
      data,
      data.map(() => shape),
    );
    const complaint = wrong(got, reference(data), reference(data.map(without)));
    const at = Number(/element (\d+)/.exec(complaint ?? '')?.[1] ?? 0);
    expect(complaint, `${name}(${data.map((each) => text(each[at]!)).join(', ')})`).toBeUndefined();
  });
});

function drawn({ shape, dtype = 'f32', fill = (u: number) => u * 4 - 2 }: SampleInput, random: RandomStream) {
  const numbers = Array.from({ length: product(shape) }, (_, i) => fill(random.next(), i));
  if (dtype === 'i32') return Int32Array.from(numbers);
  return dtype === 'u32' ? Uint32Array.from(numbers) : Float32Array.from(numbers);
}

async function complaintsOf(name: string, sample: Sample): Promise<string[]> {
  const random = new RandomStream(7);
  const data = sample.inputs.map((each) => drawn(each, random));
  const run = await resultOf(sample.run);
  const shapes = sample.inputs.map(({ shape }) => shape);
  const complaints: string[] = [];
  const many = Math.max(...data.map(({ length }) => length)) > MANY;
  const specials = SPECIALS.filter((special) => {
    if (Math.abs(special) === MOST) return ALSO_LARGEST.includes(name);
    return !many || !Number.isFinite(special);
  });
  for (const [i, { dtype = 'f32' }] of sample.inputs.entries()) {
    if (dtype !== 'f32' || data[i]!.length === 0) continue;
    for (const special of specials) {
      // In one place, and in all: nothing but infinities has an infinite maximum.
      for (const everywhere of many && !ALSO_LARGEST.includes(name) ? [false] : [false, true]) {
        const own = data.map((each) => each.slice());
        if (everywhere) own[i]!.fill(special);
        else own[i]![Math.floor(own[i]!.length * 0.4)] = special;
        const inputs = own.map((each, j) => tensor64(shapes[j]!, each));
        const want = DEFINED[name]?.(sample, ...inputs) ?? sample.reference(...inputs);
        const got = await run(own, shapes);
        const complaint = wrong(got, want, undefined, SPREADS.includes(name) && !Number.isFinite(special));
        if (complaint) {
          const where = `${text(special)} ${everywhere ? 'all over' : 'once'} in operand ${i}`;
          complaints.push(`${where}: ${complaint}`);
        }
      }
    }
  }
  return complaints;
}

const others = Object.entries(SPECS).filter(([name]) => !POINTWISE.includes(name) && !(name in APART));
describe.each(others)('%s of special numbers', (name, spec: OpSpec) => {
  it.each(spec.samples.map((sample) => [sample.label, sample] as const))('%s', async (_, sample) => {
    expect(await complaintsOf(name, sample)).toEqual([]);
  });
});

/** What float32 makes of a number: those beyond it are infinite, those too small 0. */
const NUMBERS = [Number.NaN, INF, -INF, 0, -0, 1e39, -1e40, 1e-46, 5e-46, MOST, 3.4028235e38];

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
  [
    'pad with n',
    (x, number) => api.slice(api.pad(x, [0], [x.shape[0]!], { value: number }), [{ start: x.shape[0]! }]),
    (_, number) => number,
  ],
];

describe('numbers as operands', () => {
  const x = SPECIALS.filter((each) => Math.abs(each) !== 1e-40);
  it.each(WITH_NUMBER)('%s', async (_, run, f) => {
    const device = await engine();
    const each = device.compile((value: api.Value) => NUMBERS.map((number) => run(value, number)));
    const results = await each(device.tensor(x, [x.length]));
    for (const [i, number] of NUMBERS.entries()) {
      const want = tensor64(
        [x.length],
        x.map((value) => f(value, Math.fround(number))),
      );
      expect(
        wrong(await results[i]!.data(), want),
        `n = ${text(number)}, x = ${x.map(text)}`,
      ).toBeUndefined();
    }
  });

  it('keeps NaN, infinities and zeros of either sign apart', async () => {
    const device = await engine();
    const all = device.compile((one: api.Value) =>
      [Number.NaN, INF, -INF, 0, -0].map((number) => api.div(one, api.constant([number], []))),
    );
    const results = await all(device.tensor([1], [1]));
    const numbers = await Promise.all(results.map(async (each) => (await each.data())[0]));
    expect(numbers).toEqual([Number.NaN, 0, -0, INF, -INF]);
  });

  it('refuses whole numbers that an integer type does not hold', () => {
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
  it.each(CANCELLING)('%s', async (_, run, f) => {
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
    const complaint = wrong(await call([x, y], [[x.length], [y.length]]), numbers, flushed);
    const at = Number(/element (\d+)/.exec(complaint ?? '')?.[1] ?? 0);
    expect(complaint, `x = ${text(x[at]!)}, y = ${text(y[at]!)}`).toBeUndefined();
  });
});

it('has every public function', () => {
  const missing = Object.entries(api).flatMap(([name, thing]) => {
    if (typeof thing !== 'function' || thing.prototype instanceof Error) return [];
    const known = name in SPECS || name in NO_OPS || UNDER_OTHER_NAMES[name]?.every((each) => each in SPECS);
    return known ? [] : [name];
  });
  expect(missing).toEqual([]);
});
