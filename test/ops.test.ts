import { afterAll, describe, expect, it } from 'vitest';
import { grad } from '../src/autograd/reverse.ts';
import { DtypeError } from '../src/errors.ts';
import { OPS } from '../src/graph/ops/index.ts';
import { mul } from '../src/graph/ops/pointwise.ts';
import { sum } from '../src/graph/ops/reduce.ts';
import type { OpName } from '../src/graph/value.ts';
import { input, topological, type Value } from '../src/graph/value.ts';
import { MOST_F32 } from '../src/kernels/wgsl.ts';
import type { RandomStream } from '../src/random.ts';
import { Engine } from '../src/runtime/engine.ts';
import type { Tensor } from '../src/runtime/tensor.ts';
import type { Shape } from '../src/shape.ts';
import { slopeAlong } from '../src/specs/derivative.ts';
import { type Tensor64, tensor64 } from '../src/specs/reference/tensor64.ts';
import { ANY_DTYPE, drawn, isDifferentiable, type OpSpec, type Sample } from '../src/specs/spec.ts';
import { firstWrong, NOT_FINITE } from '../src/specs/specials.ts';
import { SPECS } from './ops/index.ts';
import { seeded } from './seed.ts';

/** Every test of every op, derived from its spec (src/specs, test/ops). */

const U = 2 ** -24;

let opened: Promise<Engine> | undefined;
const engine = (): Promise<Engine> => {
  opened ??= Engine.create();
  return opened;
};
afterAll(async () => (await opened)?.dispose());

type Numbers = Float32Array | Int32Array | Uint32Array;

/** A sample's function on the device: compiled once, for all that is asked of it. */
async function compiled(run: Sample['run'], shapes: readonly Shape[], options: { fuse?: boolean } = {}) {
  const device = await engine();
  const call = device.compile((args: Value[]) => run(...args), options);
  return async (data: readonly Numbers[]): Promise<Float64Array> => {
    const tensors = data.map((each, i) => device.tensor(each, shapes[i]!));
    const out = (await call(tensors)) as Tensor;
    // Integers above 2^24 are no float32.
    const numbers = Float64Array.from(await out.data());
    device.free([...tensors, out]);
    return numbers;
  };
}

const shapesOf = ({ inputs }: Sample): Shape[] => inputs.map(({ shape }) => shape);
const exactly = (sample: Sample, data: readonly Numbers[]): Tensor64[] =>
  sample.inputs.map(({ shape }, i) => tensor64(shape, data[i]!));

function expectClose(got: Float64Array, want: Tensor64, ulps: number): void {
  expect(got.length).toBe(want.data.length);
  got.forEach((value, i) => {
    const magnitude = want.magnitude?.[i] ?? Math.max(1, Math.abs(want.data[i]!));
    const bound = ulps * U * magnitude + 1e-30;
    if (!(Math.abs(value - want.data[i]!) <= bound)) {
      expect.fail(`element ${i}: got ${value}, expected ${want.data[i]} within ${bound}`);
    }
  });
}

async function expectGradients(
  spec: OpSpec,
  sample: Sample,
  data: readonly Numbers[],
  random: RandomStream,
): Promise<void> {
  const device = await engine();
  const which = sample.inputs.flatMap((each, i) => (isDifferentiable(each) ? [i] : []));
  const inputs = exactly(sample, data);
  const outShape = sample.reference(...inputs).shape;
  const weights = drawn({ shape: outShape }, random);
  const call = device.compile((args: Value[], w: Value) =>
    grad(
      sum(mul(sample.run(...args), w)),
      which.map((i) => args[i]!),
    ),
  );
  const tensors = data.map((each, i) => device.tensor(each, sample.inputs[i]!.shape));
  const grads = (await call(tensors, device.tensor(weights, outShape))) as Tensor[];
  for (const [at, i] of which.entries()) {
    const got = Float64Array.from(await grads[at]!.data());
    const direction = drawn({ shape: [got.length] }, random);
    const along = got.reduce((total, g, j) => total + g * direction[j]!, 0);
    const size = Math.sqrt(got.reduce((total, g) => total + g * g, 0)) + 1e-3;
    const want = slopeAlong(sample, inputs, i, direction, weights, 1e-3 * size);
    if (!(Math.abs(along - want) <= (spec.gradTolerance ?? 2e-3) * size)) {
      expect.fail(`input ${i}: derivative ${along}, differences ${want}, |grad| ${size}`);
    }
  }
  device.free([...tensors, ...grads]);
}

const SPECIALS = [...NOT_FINITE, -0, 0, 1e-40, 1, -2.5];
/** Of more numbers only those that are none are tried: references in float64 take their time. */
const MANY = 1500;
const text = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** What special numbers, in one place of an operand and all over it, give that they should not. */
async function wrongSpecials(
  { ulps, specials }: OpSpec,
  sample: Sample,
  data: readonly Numbers[],
  of: (data: readonly Numbers[]) => Promise<Float64Array>,
): Promise<string[]> {
  const complaints: string[] = [];
  const many = Math.max(...data.map(({ length }) => length)) > MANY;
  const exact = ulps === 0;
  // A sum in between may exceed what float32 holds although the result does not.
  const largest = exact ? [MOST_F32, -MOST_F32] : [];
  const tried = [...(many ? NOT_FINITE : SPECIALS), ...largest];
  for (const [i, { dtype = 'f32' }] of sample.inputs.entries()) {
    if (dtype !== 'f32' || data[i]!.length === 0) continue;
    for (const special of tried) {
      // In one place, and in all: nothing but infinities has an infinite maximum.
      for (const everywhere of many && !exact ? [false] : [false, true]) {
        const own = data.map((each) => each.slice());
        if (everywhere) own[i]!.fill(special);
        else own[i]![Math.floor(own[i]!.length * 0.4)] = special;
        const want = sample.reference(...exactly(sample, own));
        const got = await of(own);
        const spread = specials === 'spread' && !Number.isFinite(special);
        const wrong = firstWrong(got, want, { spread });
        if (wrong === undefined) continue;
        const where = `${text(special)} ${everywhere ? 'all over' : 'once'} in operand ${i}`;
        complaints.push(`${where}: element ${wrong} is ${got[wrong]}, expected ${want.data[wrong]}`);
      }
    }
  }
  return complaints;
}

describe.each(Object.entries(SPECS))('%s', (name, spec) => {
  describe.each(spec.samples.map((sample) => [sample.label, sample] as const))('%s', (label, sample) => {
    const random = seeded(`${name} ${label}`);
    const data = sample.inputs.map((each) => drawn(each, random));
    let forward: ReturnType<typeof compiled> | undefined;
    const of = async (numbers: readonly Numbers[]): Promise<Float64Array> => {
      forward ??= compiled(sample.run, shapesOf(sample));
      return (await forward)(numbers);
    };

    it('the op agrees with float64, fused or not, in the same bytes again', async () => {
      const want = sample.reference(...exactly(sample, data));
      const fused = await of(data);
      expectClose(fused, want, spec.ulps ?? 4);
      expect(await of(data), 'the same bytes again').toEqual(fused);
      const alone = await compiled(sample.run, shapesOf(sample), { fuse: false });
      expectClose(await alone(data), want, spec.ulps ?? 4);
    });

    if (spec.differentiable !== false && sample.inputs.some(isDifferentiable)) {
      it('the op has the derivative of float64', () => expectGradients(spec, sample, data, random));
    }

    if (spec.specials !== false && sample.inputs.some(({ dtype = 'f32' }) => dtype === 'f32')) {
      it('the op makes of NaN, infinities and zeros what float64 does', async () => {
        expect(await wrongSpecials(spec, sample, data, of)).toEqual([]);
      });
    }
  });

  const { inputs, run } = spec.samples[0];
  if (inputs.some(({ dtype = 'f32' }) => dtype === 'f32')) {
    it.each(ANY_DTYPE)('the op takes %s operands, or refuses them', (dtype) => {
      const call = (): Value =>
        run(...inputs.map((each, i) => input(`x${i}`, each.shape, each.dtype ?? dtype)));
      if ((spec.dtypes ?? ['f32', 'f16']).includes(dtype)) expect(call).not.toThrow();
      else expect(call).toThrow(DtypeError);
    });
  }
});

it('covers every op', () => {
  const covered = new Set<OpName>();
  for (const spec of Object.values(SPECS)) {
    for (const sample of spec.samples) {
      const args = sample.inputs.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype));
      const out = sample.run(...args);
      const wrt = args.filter((_, i) => isDifferentiable(sample.inputs[i]!));
      const roots = spec.differentiable === false || wrt.length === 0 ? [out] : [out, ...grad(sum(out), wrt)];
      for (const value of topological(roots)) covered.add(value.op);
    }
  }
  const untested = (Object.keys(OPS) as OpName[]).filter(
    (op) => !covered.has(op) && !OPS[op].leaf && !OPS[op].updates && !OPS[op].placesInputs,
  );
  // Updates and pack have tests of their own: they act on state (test/runtime).
  expect(untested).toEqual([]);
});
