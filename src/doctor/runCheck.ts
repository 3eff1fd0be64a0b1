import { grad } from '../autograd/reverse.ts';
import { mul } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import { input, state, type Value } from '../graph/value.ts';
import { RandomStream } from '../random.ts';
import { readBuffer } from '../runtime/readBuffer.ts';
import type { Session } from '../runtime/session.ts';
import type { NumberArray } from '../runtime/state.ts';
import type { Shape } from '../shape.ts';
import { slopeAlong } from '../specs/derivative.ts';
import { type Tensor64, tensor64 } from '../specs/reference/tensor64.ts';
import { drawn, isDifferentiable, type Sample } from '../specs/spec.ts';
import { firstWrong, NOT_FINITE } from '../specs/specials.ts';
import type { UpdateSpec } from '../specs/update.ts';
import type { Check } from './checks.ts';
import { type Finding, finding } from './finding.ts';

const nameOf = (i: number): string => `input ${i}`;
const WEIGHTS = 'weights';

/** Operands of a sample, the same at every run. */
const operands = ({ inputs }: Pick<Sample, 'inputs'>): NumberArray[] =>
  inputs.map((each, i) => drawn(each, new RandomStream(0, i)));
const exactly = ({ inputs }: Sample, data: readonly NumberArray[]): Tensor64[] =>
  inputs.map(({ shape }, i) => tensor64(shape, data[i]!));
const byName = (data: readonly NumberArray[]): Record<string, NumberArray> =>
  Object.fromEntries(data.map((each, i) => [nameOf(i), each]));

/** A check as values: its result, and where derivatives flow those of sum(result * weights). */
export function traced({ spec, sample }: Pick<Check, 'spec' | 'sample'>): {
  out: Value;
  weights: Shape;
  grads: [which: number, value: Value][];
} {
  const values = sample.inputs.map(({ shape, dtype }, i) => input(nameOf(i), shape, dtype));
  const out = sample.run(...values);
  const which = sample.inputs.flatMap((each, i) => (isDifferentiable(each) ? [i] : []));
  if (spec.differentiable === false || which.length === 0) return { out, weights: out.shape, grads: [] };
  const loss = sum(mul(out, input(WEIGHTS, out.shape)));
  const found = grad(
    loss,
    which.map((i) => values[i]!),
  );
  return { out, weights: out.shape, grads: which.map((i, at) => [i, found[at]!]) };
}

/** The op and its derivative on the adapter against float64: a finding each. */
export async function runCheck(session: Session, check: Check): Promise<Finding[]> {
  const { family, name, sample } = check;
  const data = operands(sample);
  const exact = exactly(sample, data);
  const { out, weights: shape, grads } = traced(check);
  const weights = drawn({ shape }, new RandomStream(0, data.length));
  const outputs = new Map([['out', out], ...grads.map(([i, value]) => [nameOf(i), value] as const)]);
  const got = await evaluate(session, name, outputs, { ...byName(data), [WEIGHTS]: weights });
  const findings = [finding(family, name, got.get('out')!, sample.reference(...exact).data)];
  for (const [i] of grads) {
    findings.push(compareGradient(check, exact, i, weights, got.get(nameOf(i))!));
  }
  return findings;
}

/** The op of a NaN, then of infinities, in each of its inputs: they must come out, and nothing else. No finding where none is defined. */
export async function runSpecials(
  session: Session,
  { family, name, spec, sample }: Check,
): Promise<Finding[]> {
  const which = sample.inputs.flatMap(({ dtype = 'f32' }, i) => (dtype === 'f32' ? [i] : []));
  if (spec.specials === false || which.length === 0) return [];
  const data = operands(sample);
  const { out } = traced({ spec: { ...spec, differentiable: false }, sample });
  const executable = await session.compile(name, { outputs: new Map([['out', out]]), effects: [] });
  let ok = true;
  for (const i of which) {
    for (const special of NOT_FINITE) {
      const own = data.map((each) => each.slice());
      own[i]![Math.floor(own[i]!.length * 0.4)] = special;
      executable.run(byName(own));
      const got = (await executable.read()).get('out')!;
      const want = sample.reference(...exactly(sample, own));
      ok &&= firstWrong(got, want, { spread: spec.specials === 'spread' }) === undefined;
    }
  }
  executable.destroy();
  const difference = ok ? 0 : Number.POSITIVE_INFINITY;
  const whose = `${name}, of NaN and infinities`;
  return [{ family, name: whose, maxAbsolute: difference, maxRelative: difference, ok }];
}

/**
 * The derivative along the gradient itself, which shows a wrong size, and along two random directions, which show
 * wrong places. Errors are those of these three numbers, relative to the gradient's length.
 */
function compareGradient(
  { family, name, sample }: Check,
  data: readonly Tensor64[],
  which: number,
  weights: NumberArray,
  got: NumberArray,
): Finding {
  const gradient = Float64Array.from(got);
  const dot = (direction: ArrayLike<number>): number =>
    gradient.reduce((total, value, i) => total + value * direction[i]!, 0);
  const length = Math.sqrt(dot(gradient)) || Number.MIN_VALUE;
  const directions: ArrayLike<number>[] = [
    gradient.map((value) => value / length),
    ...[0, 1].map((i) => drawn({ shape: [got.length] }, new RandomStream(0, 100 + 2 * which + i))),
  ];
  const along = Float64Array.from(directions, dot);
  const want = Float64Array.from(directions, (direction) =>
    slopeAlong(sample, data, which, direction, weights, 1e-3 * length),
  );
  const whose = `${name}, derivative${sample.inputs.length > 1 ? ` by argument ${which}` : ''}`;
  return finding(family, whose, along, want, { magnitude: length });
}

/** One update of state on the adapter against float64. */
export async function runUpdate(session: Session, name: string, spec: UpdateSpec): Promise<Finding> {
  const { length } = spec;
  const names = Array.from({ length: spec.states }, (_, i) => `doctor state ${i}`);
  const fill = (uniform: number): number => 0.1 + 1.9 * uniform;
  const before = names.map((_, i) => drawn({ shape: [length], fill }, new RandomStream(0, i)));
  const data = spec.inputs.map((each, i) => drawn(each, new RandomStream(0, names.length + i)));
  for (const [i, each] of names.entries()) session.state.set(each, before[i]!, [length]);
  const effect = spec.effect(
    names.map((each) => state(each, [length])),
    spec.inputs.map(({ shape }, i) => input(nameOf(i), shape)),
  );
  const executable = await session.compile(name, { outputs: new Map(), effects: [effect] });
  executable.run(byName(data));
  const after: number[] = [];
  for (const each of names) {
    after.push(...(await readBuffer(session.gpu, session.state.buffer(each), length)));
    session.state.delete(each);
  }
  executable.destroy();
  const want = new Float64Array(names.length * length);
  for (let at = 0; at < length; at++) {
    const next = spec.reference(
      before.map((each) => each[at]!),
      at,
      data,
    );
    for (const [i, value] of next.entries()) want[i * length + at] = value;
  }
  return finding('update', name, Float64Array.from(after), want);
}

/** Compiles, runs once, reads all outputs, frees. */
export async function evaluate(
  session: Session,
  label: string,
  outputs: ReadonlyMap<string, Value>,
  inputs: Readonly<Record<string, NumberArray>>,
): Promise<Map<string, NumberArray>> {
  const executable = await session.compile(label, { outputs: new Map(outputs), effects: [] });
  executable.run(inputs);
  const out = await executable.read();
  executable.destroy();
  return out;
}
