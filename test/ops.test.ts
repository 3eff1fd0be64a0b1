import { afterAll, describe, expect, it } from 'vitest';
import { grad } from '../src/autograd/reverse.ts';
import { OPS, type OpName } from '../src/graph/ops/index.ts';
import { mul } from '../src/graph/ops/pointwise.ts';
import { sum } from '../src/graph/ops/reduce.ts';
import { input, topological, type Value } from '../src/graph/value.ts';
import { RandomStream } from '../src/random.ts';
import { Engine } from '../src/runtime/engine.ts';
import type { Tensor } from '../src/runtime/tensor.ts';
import { product } from '../src/shape.ts';
import { type Tensor64, tensor64 } from '../src/specs/reference/tensor64.ts';
import { SPECS } from './ops/index.ts';
import type { OpSpec, Sample, SampleInput } from './ops/spec.ts';

/** Every test of every op, derived from the spec tables under test/ops. */

const SEED = Date.now() % 1_000_000;
const random = new RandomStream(SEED);
const U = 2 ** -24;

let opened: Promise<Engine> | undefined;
const engine = (): Promise<Engine> => {
  opened ??= Engine.create();
  return opened;
};
afterAll(async () => (await opened)?.dispose());

const fillDefault = (uniform: number): number => uniform * 4 - 2;

function draw({
  shape,
  dtype = 'f32',
  fill = fillDefault,
}: SampleInput): Float32Array | Int32Array | Uint32Array {
  const numbers = Array.from({ length: product(shape) }, (_, i) => fill(random.next(), i));
  if (dtype === 'i32') return Int32Array.from(numbers);
  return dtype === 'u32' ? Uint32Array.from(numbers) : Float32Array.from(numbers);
}

const isDifferentiable = (sample: SampleInput): boolean =>
  sample.differentiable ?? (sample.dtype ?? 'f32') === 'f32';

async function run(sample: Sample, data: readonly ArrayLike<number>[], fuse: boolean): Promise<Float32Array> {
  const device = await engine();
  const call = device.compile((args: Value[]) => sample.run(...args), { fuse });
  const tensors = sample.inputs.map(({ shape }, i) => device.tensor(data[i]!, shape));
  const out = (await call(tensors)) as Tensor;
  const result = Float32Array.from(await out.data());
  for (const tensor of [...tensors, out]) tensor.dispose();
  return result;
}

function expectClose(got: Float32Array, want: Tensor64, ulps: number): void {
  expect(got.length).toBe(want.data.length);
  got.forEach((value, i) => {
    const magnitude = want.magnitude?.[i] ?? Math.max(1, Math.abs(want.data[i]!));
    const bound = ulps * U * magnitude + 1e-30;
    if (!(Math.abs(value - want.data[i]!) <= bound)) {
      expect.fail(`seed ${SEED}, element ${i}: got ${value}, expected ${want.data[i]} within ${bound}`);
    }
  });
}

/**
 * dL/d(direction) with L = <reference, weights>, by central differences in float64. Where the two sides differ by more
 * than `slack`, a kink lies inside the step (two nearly equal operands of a maximum): a smaller step leaves it outside.
 */
function directional(
  sample: Sample,
  inputs: Tensor64[],
  which: number,
  direction: Float64Array,
  weights: Float64Array,
  slack: number,
): number {
  const loss = (step: number): number => {
    const moved = inputs.map((x, i) =>
      i === which
        ? tensor64(
            x.shape,
            x.data.map((v, j) => v + step * direction[j]!),
          )
        : x,
    );
    return sample.reference(...moved).data.reduce((total, v, j) => total + v * weights[j]!, 0);
  };
  const here = loss(0);
  let slope = Number.NaN;
  for (const h of [1e-5, 1e-7, 1e-9]) {
    const [ahead, behind] = [(loss(h) - here) / h, (here - loss(-h)) / h];
    slope = (ahead + behind) / 2;
    if (Math.abs(ahead - behind) <= slack) break;
  }
  return slope;
}

async function checkGradients(
  spec: OpSpec,
  sample: Sample,
  data: readonly ArrayLike<number>[],
): Promise<void> {
  const device = await engine();
  const which = sample.inputs.flatMap((each, i) => (isDifferentiable(each) ? [i] : []));
  const inputs = sample.inputs.map(({ shape }, i) => tensor64(shape, data[i]!));
  const outShape = sample.reference(...inputs).shape;
  const weights = Float32Array.from({ length: product(outShape) }, () => random.next() * 2 - 1);
  const call = device.compile((args: Value[], w: Value) =>
    grad(
      sum(mul(sample.run(...args), w)),
      which.map((i) => args[i]!),
    ),
  );
  const tensors = sample.inputs.map(({ shape }, i) => device.tensor(data[i]!, shape));
  const grads = (await call(tensors, device.tensor(weights, outShape))) as Tensor[];
  for (const [at, i] of which.entries()) {
    const got = Float32Array.from(await grads[at]!.data());
    const direction = Float64Array.from(got, () => random.next() * 2 - 1);
    const along = got.reduce((total, g, j) => total + g * direction[j]!, 0);
    const size = Math.sqrt(got.reduce((total, g) => total + g * g, 0)) + 1e-3;
    const slack = 1e-3 * size;
    const want = directional(sample, inputs, i, direction, Float64Array.from(weights), slack);
    const error = Math.abs(along - want);
    if (!(error <= (spec.gradTolerance ?? 2e-3) * size)) {
      expect.fail(`seed ${SEED}, input ${i}: derivative ${along}, differences ${want}, |grad| ${size}`);
    }
  }
}

describe.each(Object.keys(SPECS))('%s', (name) => {
  const spec = SPECS[name]!;
  it.each(spec.samples.map((sample) => [sample.label, sample] as const))('%s', async (_, sample) => {
    const data = sample.inputs.map(draw);
    const want = sample.reference(...sample.inputs.map(({ shape }, i) => tensor64(shape, data[i]!)));
    const fused = await run(sample, data, true);
    expectClose(fused, want, spec.ulps ?? 4);
    expect(await run(sample, data, true), 'the same bytes again').toEqual(fused);
    expectClose(await run(sample, data, false), want, spec.ulps ?? 4);
    if (spec.differentiable !== false && sample.inputs.some(isDifferentiable)) {
      await checkGradients(spec, sample, data);
    }
  });
  if (spec.rejects) {
    it('says what is wrong with bad arguments', () => {
      for (const [call, message] of spec.rejects!) expect(call).toThrow(message);
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
    (op) =>
      !covered.has(op) && !OPS[op].leaf && !OPS[op].updates && !OPS[op].placesInputs && op !== 'slabView',
  );
  // Updates, pack and slabView have tests of their own: they act on state (test/runtime).
  expect(untested).toEqual([]);
});
