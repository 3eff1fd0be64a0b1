import { remake } from '../../graph/graph.ts';
import { attention, MOST_CHANNELS } from '../../graph/ops/attention.ts';
import { has } from '../../graph/ops/index.ts';
import { permute, reshape } from '../../graph/ops/movement.ts';
import { add, div, equal, mul, neg, where } from '../../graph/ops/pointwise.ts';
import { max } from '../../graph/ops/reduce.ts';
import { constant, isOp, knownData, scalarConstant, type Value } from '../../graph/value.ts';
import type { PointwiseName } from '../../kernels/pointwiseTable.ts';
import { product, range, type Shape, shapesEqual } from '../../shape.ts';
import { rewriteBetween, type StandIn, usesBetween } from './rewriteBetween.ts';

/**
 * softmax(q k^T scale + mask) v, as exporters write it out, becomes the fused attention, which stores no weights. Left alone
 * where anything between is read elsewhere, where heads are too wide, and where batches are stretched.
 */
export function fuseAttention(roots: readonly Value[], given: ReadonlySet<Value>): Value[] {
  const uses = usesBetween(roots, given);
  return rewriteBetween(roots, given, (value, _, standIn) => {
    const found = attending(value);
    if (!found || !isClosed([value, ...found.inside], uses, given)) return undefined;
    return fused(found, value.shape, standIn);
  });
}

/** Whether the values behind the first are read by one another alone. */
function isClosed(
  values: readonly Value[],
  uses: ReadonlyMap<Value, number>,
  given: ReadonlySet<Value>,
): boolean {
  const inside = new Map(values.map((value) => [value, 0]));
  for (const value of inside.keys()) {
    for (const operand of value.inputs) {
      if (inside.has(operand)) inside.set(operand, inside.get(operand)! + 1);
    }
  }
  return [...inside].slice(1).every(([value, count]) => !given.has(value) && uses.get(value) === count);
}

/** What a product of queries and keys is made of, and what is done to it before softmax. */
interface Scores {
  /** [...batch, Lq, d]. */
  readonly q: Value;
  /** [...batch, Lk, d], or [...batch, d, Lk] if `turned`. */
  readonly k: Value;
  readonly turned: boolean;
  readonly scale: number;
  /** What multiplies or divides them beside `scale`. */
  readonly factors: readonly Factor[];
  /** What is added: they broadcast to [...batch, Lq, Lk]. */
  readonly masks: readonly ((standIn: StandIn) => Value)[];
  readonly batch: Shape;
  /** Values that nothing else may read. */
  readonly inside: readonly Value[];
}

/** Numbers that only the device knows: one, or one for each head or query, [..., 1]. */
interface Factor {
  readonly fn: 'mul' | 'div';
  readonly by: Value;
}

interface Attending extends Scores {
  /** [...batch, Lk, e]. */
  readonly v: Value;
  /** Whether a query all of whose keys are hidden gives zeros; NaN otherwise. */
  readonly isSafe: boolean;
}

/** The operands of a value that is one call of one of these functions. */
function call(value: Value, ...names: readonly PointwiseName[]): readonly Value[] | undefined {
  if (!has(value, 'pointwise') || value.attrs.program.steps.length !== 1) return undefined;
  const { fn, args } = value.attrs.program.steps[0]!;
  return names.includes(fn) ? args.map((arg) => value.inputs[arg]!) : undefined;
}

const parameter = (value: Value): number =>
  has(value, 'pointwise') ? value.attrs.program.steps[0]!.params[0]! : Number.NaN;

const isReduced = (value: Value, kind: 'max' | 'sum', of: Value): boolean =>
  isOp(value, 'reduce') &&
  value.attrs.kind === kind &&
  value.attrs.factor === 1 &&
  value.attrs.axes.join() === String(of.shape.length - 1) &&
  value.inputs[0] === of;

/** The numbers that hide a key: what is added to them is lost. */
const HIDES = -1e30;

const swapped = (x: Value): Value => {
  const rank = x.shape.length;
  return permute(x, [...range(rank - 2), rank - 1, rank - 2]);
};

const keepsMatrices = ({ op, shape, inputs: [x] }: Value): boolean =>
  op === 'reshape' && shapesEqual(shape.slice(-2), x!.shape.slice(-2));

function attending(value: Value): Attending | undefined {
  if (!isOp(value, 'matmul') || value.attrs.transposeA || value.attrs.transposeB) return undefined;
  const [weights, values] = value.inputs as [Value, Value];
  if (!shapesEqual(weights.shape.slice(0, -2), values.shape.slice(0, -2))) return undefined;
  const [whole, outer] = keepsMatrices(weights) ? [weights.inputs[0]!, [weights]] : [weights, []];
  const soft = softmaxed(whole);
  const scores = soft && scoresOf(soft.x);
  if (!scores) return undefined;
  const widest = Math.max(scores.q.shape.at(-1)!, values.shape.at(-1)!);
  const isBroad = scores.masks.length > 0 || scores.factors.length > 0;
  if (isBroad && scores.batch.length > 2) return undefined;
  if (widest > MOST_CHANNELS || product(value.shape) === 0 || product(scores.q.shape) === 0) return undefined;
  return { ...scores, v: values, isSafe: soft.isSafe, inside: [...outer, ...soft.inside, ...scores.inside] };
}

interface Softmaxed {
  readonly x: Value;
  readonly isSafe: boolean;
  readonly inside: readonly Value[];
}

/** What `value` is the softmax of, along its last axis: plain, or with zeros where everything is -infinity. */
function softmaxed(value: Value): Softmaxed | undefined {
  const [condition, zero, other] = call(value, 'where') ?? [];
  if (condition && other) {
    const isGuard = call(condition, 'isNan')?.[0] === other && scalarConstant(zero!) === 0;
    const inner = isGuard ? softmaxed(other) : undefined;
    return inner && { ...inner, isSafe: true, inside: [value, condition, ...inner.inside] };
  }
  const [powers, divisor] = call(value, 'div') ?? [];
  if (!powers || !divisor) return undefined;
  const guard = call(divisor, 'where');
  if (guard && scalarConstant(guard[1]!) !== 1) return undefined;
  const total = guard ? guard[2]! : divisor;
  const exponents = call(powers, 'exp')?.[0];
  if (!exponents || !isReduced(total, 'sum', powers)) return undefined;
  const inside = [value, powers, divisor, total, ...(guard ? [guard[0]!] : [])];
  const lowered = loweredBy(exponents);
  if (!lowered) return { x: exponents, isSafe: false, inside };
  const { x, isSafe } = lowered;
  return { x, isSafe: isSafe && guard !== undefined, inside: [...inside, exponents, ...lowered.inside] };
}

/** x of x less its largest element along the last axis (0 instead of -infinity: safe). */
function loweredBy(value: Value): Softmaxed | undefined {
  const [x, level] = call(value, 'sub') ?? [];
  if (!x || !level) return undefined;
  const bare = level.op === 'stopGradient' ? level.inputs[0]! : level;
  const guard = call(bare, 'where');
  const largest = guard ? guard[2]! : bare;
  if (!isReduced(largest, 'max', x)) return undefined;
  if (!guard) return { x, isSafe: false, inside: [level, bare] };
  const [nothing, zero] = guard as [Value, Value];
  const [left, right] = call(nothing, 'equal') ?? [];
  if (left !== largest || scalarConstant(right!) !== Number.NEGATIVE_INFINITY || scalarConstant(zero) !== 0)
    return undefined;
  return { x, isSafe: true, inside: [level, bare, largest, nothing] };
}

function scoresOf(value: Value): Scores | undefined {
  if (isOp(value, 'matmul')) return productOf(value);
  if (keepsMatrices(value)) {
    const inner = scoresOf(value.inputs[0]!);
    if (!inner) return undefined;
    const batch = value.shape.slice(0, -2);
    const isBetter = inner.masks.length === 0 && batch.length === 2;
    return { ...inner, batch: isBetter ? batch : inner.batch, inside: [value, ...inner.inside] };
  }
  const factor = call(value, 'scale');
  if (factor) return scaled(value, factor[0]!, parameter(value));
  const quotient = call(value, 'div');
  if (quotient) return multiplied(value, quotient[0]!, quotient[1]!, 'div');
  const factors = call(value, 'mul');
  if (factors) {
    const [a, b] = factors as [Value, Value];
    return multiplied(value, a, b, 'mul') ?? multiplied(value, b, a, 'mul');
  }
  const difference = call(value, 'sub');
  if (difference) return masked(value, difference[0]!, (standIn) => neg(standIn(difference[1]!)));
  const terms = call(value, 'add');
  if (terms) {
    const [a, b] = terms as [Value, Value];
    return masked(value, a, (standIn) => standIn(b)) ?? masked(value, b, (standIn) => standIn(a));
  }
  const chosen = call(value, 'where');
  if (!chosen) return undefined;
  const [condition, a, b] = chosen as [Value, Value, Value];
  const hidden = [scalarConstant(a) ?? 0, scalarConstant(b) ?? 0] as const;
  if (hidden[1] <= HIDES) return masked(value, a, (standIn) => choice(standIn(condition), 0, hidden[1]));
  if (hidden[0] <= HIDES) return masked(value, b, (standIn) => choice(standIn(condition), hidden[0], 0));
  return undefined;
}

/** A mask of two numbers; one that is known where the condition is. */
function choice(condition: Value, yes: number, no: number): Value {
  const known = knownData(condition);
  return known
    ? constant(
        known.map((each) => (each === 0 ? no : yes)),
        condition.shape,
      )
    : where(condition, yes, no);
}

function productOf(value: Value): Scores | undefined {
  if (!isOp(value, 'matmul') || value.attrs.transposeA) return undefined;
  const [q, right] = value.inputs as [Value, Value];
  const batch = value.shape.slice(0, -2);
  if (!shapesEqual(q.shape.slice(0, -2), batch) || !shapesEqual(right.shape.slice(0, -2), batch))
    return undefined;
  const turned = !value.attrs.transposeB;
  return { q, k: right, turned, scale: 1, factors: [], masks: [], batch, inside: [value] };
}

const isPerQuery = ({ shape }: Value): boolean => shape.length === 0 || shape.at(-1) === 1;

function scaled(value: Value, x: Value, factor: number): Scores | undefined {
  const inner = scoresOf(x);
  // What has been added already would have to be multiplied too.
  if (!inner || inner.masks.length > 0) return undefined;
  return { ...inner, scale: inner.scale * factor, inside: [value, ...inner.inside] };
}

function multiplied(value: Value, x: Value, by: Value, fn: Factor['fn']): Scores | undefined {
  if (!isPerQuery(by) || !shapesEqual(x.shape, value.shape)) return undefined;
  const known = scalarConstant(by);
  if (known !== undefined) return scaled(value, x, fn === 'mul' ? known : 1 / known);
  const inner = scaled(value, x, 1);
  return inner && { ...inner, factors: [...inner.factors, { fn, by }] };
}

function masked(value: Value, x: Value, mask: (standIn: StandIn) => Value): Scores | undefined {
  if (!shapesEqual(x.shape, value.shape)) return undefined;
  const inner = scoresOf(x);
  const batch = value.shape.slice(0, -2);
  if (!inner || (inner.masks.length > 0 && !shapesEqual(batch, inner.batch))) return undefined;
  return { ...inner, masks: [...inner.masks, mask], batch, inside: [value, ...inner.inside] };
}

/** [...batch] as images and heads. */
const imagesAndHeads = (batch: Shape): [number, number] =>
  batch.length === 2 ? [batch[0]!, batch[1]!] : [product(batch), 1];

/** What broadcasts to [...batch, Lq, Lk], as it broadcasts to [N, heads, Lq, Lk]. */
function ofRankFour(x: Value, batch: Shape): Value {
  const missing = batch.length + 2 - x.shape.length;
  const wide = [...range(missing).map(() => 1), ...x.shape];
  const [images = 1, heads = 1] = wide.slice(0, -2);
  return reshape(x, [images, heads, ...wide.slice(-2)]);
}

/** Whether a mask is known, and hides the keys behind each query's own place and no other. */
function isCausal(mask: Value, queries: number, keys: number): boolean {
  const known = knownData(mask);
  if (known?.length !== queries * keys) return false;
  return known.every((each, i) => (i % keys > Math.floor(i / keys) ? each <= HIDES : each === 0));
}

/** Whether a mask is known, and leaves every query a key. */
function leavesKeys(mask: Value): boolean {
  const known = knownData(mask);
  const keys = mask.shape.at(-1)!;
  if (!known) return false;
  return range(known.length / keys).every((row) =>
    known.slice(row * keys, (row + 1) * keys).some((each) => each > Number.NEGATIVE_INFINITY),
  );
}

interface Bare extends Pick<Scores, 'scale' | 'factors'> {
  readonly x: Value;
}

/** A value without the numbers that multiply all of it, and those. */
function bareOf(value: Value): Bare {
  if (value.op === 'reshape' || value.op === 'permute') {
    const { x, ...factors } = bareOf(value.inputs[0]!);
    return { x: x === value.inputs[0] ? value : remake(value, [x]), ...factors };
  }
  const alone = call(value, 'scale');
  if (alone) {
    const inner = bareOf(alone[0]!);
    return { ...inner, scale: inner.scale * parameter(value) };
  }
  const fn = call(value, 'mul') ? 'mul' : 'div';
  const pair = call(value, fn) ?? [];
  const [x, by] = fn === 'mul' && pair[0] && product(pair[0].shape) === 1 ? [pair[1], pair[0]] : pair;
  if (!x || !by || product(by.shape) !== 1 || !shapesEqual(x.shape, value.shape)) {
    return { x: value, scale: 1, factors: [] };
  }
  const inner = bareOf(x);
  const known = scalarConstant(by);
  if (known === undefined) return { ...inner, factors: [...inner.factors, { fn, by }] };
  return { ...inner, scale: inner.scale * (fn === 'mul' ? known : 1 / known) };
}

function fused(found: Attending, shape: Shape, standIn: StandIn): Value {
  const [n, heads] = imagesAndHeads(found.batch);
  const tokens = (x: Value): Value => {
    const [length, depth] = x.shape.slice(-2) as [number, number];
    return reshape(byToken(reshape(x, [n, heads, length, depth])), [n, length, heads * depth]);
  };
  const ofKeys = standIn(found.k);
  const [q, k] = [bareOf(standIn(found.q)), bareOf(found.turned ? swapped(ofKeys) : ofKeys)];
  const v = standIn(found.v);
  const own = found.factors.map(({ fn, by }) => ({ fn, by: byToken(ofRankFour(standIn(by), found.batch)) }));
  const [queries, keys] = [q.x.shape.at(-2)!, k.x.shape.at(-2)!];
  const query = [...q.factors, ...k.factors, ...own].reduce(
    (soFar, { fn, by }) => (fn === 'mul' ? mul : div)(soFar, by.shape.length === 4 ? by : reshape(by, [])),
    reshape(tokens(q.x), [n, queries, heads, q.x.shape.at(-1)!]),
  );
  const masks = found.masks.map((mask) => ofRankFour(mask(standIn), found.batch));
  const added = masks.filter((mask) => !isCausal(mask, queries, keys));
  const out = attention(reshape(query, [n, queries, -1]), tokens(k.x), tokens(v), {
    heads,
    scale: found.scale * q.scale * k.scale,
    causal: added.length < masks.length,
    mask: added.length === 0 ? null : total(added),
  });
  const apart = reshape(out, [n, queries, heads, v.shape.at(-1)!]);
  const sees = found.isSafe || masks.length === 0 || (masks.length === 1 && leavesKeys(masks[0]!));
  return reshape(byToken(sees ? apart : withoutKeys(apart, total(masks))), shape);
}

/** [N, heads, L, d] as [N, L, heads, d], and back: what is done there stands between nothing that cancels. */
const byToken = (x: Value): Value => permute(x, [0, 2, 1, 3]);

const total = (masks: readonly Value[]): Value => masks.reduce((a, b) => add(a, b));

/** NaN for queries all of whose keys are hidden, as softmax has it; the fused attention gives zeros. x [N, L, heads, d]. */
const withoutKeys = (x: Value, mask: Value): Value =>
  where(equal(byToken(max(mask, { axes: [-1], keepDims: true })), Number.NEGATIVE_INFINITY), Number.NaN, x);
