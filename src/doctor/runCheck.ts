import { grad } from '../autograd/reverse.ts';
import { mul } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import { input, state, type Value } from '../graph/value.ts';
import { RandomStream } from '../random.ts';
import { readBuffer } from '../runtime/readBuffer.ts';
import type { NumberArray } from '../runtime/state.ts';
import { product, type Shape } from '../shape.ts';
import { type Tensor64, tensor64 } from '../specs/reference/tensor64.ts';
import type { Session } from '../train/session.ts';
import type { CheckInput, Family, OpCheck, UpdateCheck } from './checks/check.ts';
import { type Finding, finding } from './finding.ts';

/** Numbers that float32 (or the input's own type) holds exactly; the same at every run. */
export function drawn({ shape, draw }: CheckInput, stream: number): Tensor64 {
  const random = new RandomStream(0, stream);
  const next = draw ?? ((r: RandomStream) => r.between(-2, 2));
  return tensor64(
    shape,
    Array.from({ length: product(shape) }, () => {
      const value = next(random);
      return Number.isInteger(value) ? value : Math.fround(value);
    }),
  );
}

const arrayOf = ({ dtype }: CheckInput, { data }: Tensor64): NumberArray =>
  dtype === 'i32'
    ? Int32Array.from(data)
    : dtype === 'u32'
      ? Uint32Array.from(data)
      : Float32Array.from(data);

const nameOf = (i: number): string => `input ${i}`;
const WEIGHTS = 'weights';

/** A check as values: its result, and where derivatives flow those of sum(result * weights). */
export function traced(check: OpCheck): {
  out: Value;
  weights: Shape;
  grads: [which: number, value: Value][];
} {
  const values = check.inputs.map(({ shape, dtype }, i) => input(nameOf(i), shape, dtype));
  const out = check.run(...values);
  if (check.differentiable === false) return { out, weights: out.shape, grads: [] };
  const which = check.inputs.flatMap(({ dtype = 'f32' }, i) => (dtype === 'f32' ? [i] : []));
  const loss = sum(mul(out, input(WEIGHTS, out.shape)));
  const found = grad(
    loss,
    which.map((i) => values[i]!),
  );
  return { out, weights: out.shape, grads: which.map((i, at) => [i, found[at]!]) };
}

/** The op and its derivative on the adapter against float64: a finding each. */
export async function runCheck(session: Session, family: Family, check: OpCheck): Promise<Finding[]> {
  const data = check.inputs.map(drawn);
  const { out, weights: shape, grads } = traced(check);
  const weights = drawn({ shape }, data.length);
  const outputs = new Map([['out', out], ...grads.map(([i, value]) => [nameOf(i), value] as const)]);
  const inputs = Object.fromEntries(data.map((x, i) => [nameOf(i), arrayOf(check.inputs[i]!, x)]));
  const got = await evaluate(session, check.name, outputs, {
    ...inputs,
    [WEIGHTS]: Float32Array.from(weights.data),
  });
  const findings = [finding(family, check.name, got.get('out')!, check.reference(...data).data)];
  for (const [i] of grads) {
    findings.push(compareGradient(family, check, data, i, weights.data, got.get(nameOf(i))!));
  }
  return findings;
}

/** Numbers that compilers may take to be none (WGSL lets them). */
const SPECIALS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** The op of a NaN, then of infinities, in each of its inputs: they must come out, and nothing else. No finding where none is defined. */
export async function runSpecials(session: Session, family: Family, check: OpCheck): Promise<Finding[]> {
  const data = check.inputs.map(drawn);
  const which = check.inputs.flatMap(({ dtype = 'f32' }, i) => (dtype === 'f32' ? [i] : []));
  if (check.special === false || which.length === 0) return [];
  const { out } = traced({ ...check, differentiable: false });
  const executable = await session.compile(check.name, { outputs: new Map([['out', out]]), effects: [] });
  let ok = true;
  for (const i of which) {
    for (const special of SPECIALS) {
      const own = data.map(({ shape, data: numbers }) => tensor64(shape, numbers));
      own[i]!.data[Math.floor(own[i]!.data.length * 0.4)] = special;
      executable.run(Object.fromEntries(own.map((x, j) => [nameOf(j), arrayOf(check.inputs[j]!, x)])));
      const got = (await executable.read()).get('out')!;
      const want = check.reference(...own).data;
      ok &&= want.every((value, j) => isAsSpecial(got[j]!, value, check.special === 'spreads'));
    }
  }
  executable.destroy();
  const difference = ok ? 0 : Number.POSITIVE_INFINITY;
  const name = `${check.name}, of NaN and infinities`;
  return [{ family, name, maxAbsolute: difference, maxRelative: difference, ok }];
}

function isAsSpecial(got: number, want: number, spreads: boolean): boolean {
  if (Number.isNaN(got)) return spreads || Number.isNaN(want);
  return got === want || Math.abs(got - want) <= 1e-3 * Math.max(1, Math.abs(want));
}

/** Central differences: float64 leaves nine digits at this step. */
const STEP = 1e-6;

/**
 * The derivative along the gradient itself, which shows a wrong size, and along two random directions, which show
 * wrong places. Errors are those of these three numbers, relative to the gradient's length.
 */
function compareGradient(
  family: Family,
  check: OpCheck,
  data: readonly Tensor64[],
  which: number,
  weights: Float64Array,
  got: NumberArray,
): Finding {
  const loss = (direction: Float64Array, step: number): number => {
    const moved = data.map((x, i) =>
      i === which ? { shape: x.shape, data: x.data.map((value, j) => value + step * direction[j]!) } : x,
    );
    return check.reference(...moved).data.reduce((total, value, j) => total + value * weights[j]!, 0);
  };
  const gradient = Float64Array.from(got);
  const dot = (direction: Float64Array): number =>
    gradient.reduce((total, value, i) => total + value * direction[i]!, 0);
  const length = Math.sqrt(dot(gradient)) || Number.MIN_VALUE;
  const directions = [
    gradient.map((value) => value / length),
    ...[0, 1].map((i) => drawn({ shape: [got.length] }, 100 + 2 * which + i).data),
  ];
  const along = Float64Array.from(directions, dot);
  const want = Float64Array.from(directions, (d) => (loss(d, STEP) - loss(d, -STEP)) / (2 * STEP));
  const name = `${check.name}, derivative${check.inputs.length > 1 ? ` by argument ${which}` : ''}`;
  return finding(family, name, along, want, { magnitude: length });
}

/** One update of state on the adapter against float64. */
export async function runUpdateCheck(session: Session, check: UpdateCheck): Promise<Finding> {
  const { length } = check;
  const names = Array.from({ length: check.states }, (_, i) => `doctor state ${i}`);
  const before = names.map((_, i) => drawn({ shape: [length], draw: (r) => r.between(0.1, 2) }, i));
  const data = check.inputs.map((each, i) => drawn(each, names.length + i));
  for (const [i, name] of names.entries()) {
    session.state.set(name, Float32Array.from(before[i]!.data), [length]);
  }
  const effect = check.effect(
    names.map((name) => state(name, [length])),
    check.inputs.map(({ shape }, i) => input(nameOf(i), shape)),
  );
  const executable = await session.compile(check.name, { outputs: new Map(), effects: [effect] });
  executable.run(Object.fromEntries(data.map((x, i) => [nameOf(i), Float32Array.from(x.data)])));
  const after: number[] = [];
  for (const name of names) {
    after.push(...(await readBuffer(session.gpu, session.state.buffer(name), length)));
    session.state.delete(name);
  }
  executable.destroy();
  const want = new Float64Array(names.length * length);
  for (let at = 0; at < length; at++) {
    const own = before.map((each) => each.data[at]!);
    const next = check.reference(
      own,
      at,
      data.map((x) => x.data),
    );
    for (const [i, value] of next.entries()) want[i * length + at] = value;
  }
  return finding('update', check.name, Float64Array.from(after), want);
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
