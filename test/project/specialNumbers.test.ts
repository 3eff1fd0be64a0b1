import { afterAll, describe, expect, it } from 'vitest';
import { type Tensor64, tensor64 } from '../../src/doctor/reference/tensor64.ts';
import * as api from '../../src/index.ts';
import { RandomStream } from '../../src/random.ts';
import { product, type Shape } from '../../src/shape.ts';
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
  focalLoss: 'its reference overflows; a composite of ops that stand here',
};

const ONE_OPERAND =
  'neg abs sign square exp log sqrt rsqrt reciprocal sigmoid tanh relu relu6 gelu silu scale shift clamp clampBelow clampAbove'.split(
    ' ',
  );
const TWO_OPERANDS = 'add sub mul div maximum minimum greater greaterEqual equal'.split(' ');
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
    return (
      Math.abs(value - rounded) <=
      1e-3 * Math.max(1e-6, Math.abs(rounded), want.magnitude?.[i] ?? 0) +
        1e-4 * Number(Math.abs(rounded) < 1e3)
    );
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
  for (const [i, { dtype = 'f32' }] of sample.inputs.entries()) {
    if (dtype !== 'f32' || data[i]!.length === 0) continue;
    for (const special of SPECIALS) {
      if (Math.abs(special) === MOST && !ALSO_LARGEST.includes(name)) continue;
      // In one place, and in all: nothing but infinities has an infinite maximum.
      for (const everywhere of [false, true]) {
        const own = data.map((each) => each.slice());
        if (everywhere) own[i]!.fill(special);
        else own[i]![Math.floor(own[i]!.length * 0.4)] = special;
        const inputs = own.map((each, j) => tensor64(shapes[j]!, each));
        const want = DEFINED[name]?.(sample, ...inputs) ?? sample.reference(...inputs);
        const got = await run(own, shapes);
        const complaint = wrong(got, want, undefined, SPREADS.includes(name) && !Number.isFinite(special));
        if (complaint)
          complaints.push(
            `${sample.label}: ${text(special)} ${everywhere ? 'all over' : 'once'} in operand ${i}: ${complaint}`,
          );
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

it('has every public function', () => {
  const missing = Object.entries(api).flatMap(([name, thing]) => {
    if (typeof thing !== 'function' || thing.prototype instanceof Error) return [];
    const known = name in SPECS || name in NO_OPS || UNDER_OTHER_NAMES[name]?.every((each) => each in SPECS);
    return known ? [] : [name];
  });
  expect(missing).toEqual([]);
});
