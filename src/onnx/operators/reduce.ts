/** Operators that reduce axes. */

import { flip } from '../../graph/ops/movement.ts';
import { abs, add, cast, div, greater, log, sqrt, square, sub, where } from '../../graph/ops/pointwise.ts';
import { argmax, argmin, max, mean, min, prod, sum } from '../../graph/ops/reduce.ts';
import { cumsum } from '../../graph/ops/scan.ts';
import type { Value } from '../../graph/value.ts';
import { logSumExp } from '../../nn/logSumExp.ts';
import { normalizeAxis, product, range } from '../../shape.ts';
import { broadcastPlaces, fitted, wrappedText } from '../broadcast.ts';
import { elementKernel, placeOf } from '../elementKernel.ts';
import { dtypeOf, type ElementType, integerRange, isFloat, isInteger } from '../elementType.ts';
import type { NodeCall, Operator, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';
import { reshaped, stretched } from './movement.ts';

interface Reduction {
  readonly float: (x: Value, axes: readonly number[]) => Value;
  /** Of known numbers. */
  readonly host: (numbers: readonly number[]) => number;
  /** What integers start with, and how one more is taken in, in WGSL. */
  readonly integer?: (type: ElementType) => { start: string; step: string };
  /** Of nothing; absent: refused. */
  readonly empty?: number;
}

const integerText = (value: number, type: ElementType): string =>
  dtypeOf(type) === 'i32'
    ? value <= -(2 ** 31)
      ? '-2147483647 - 1'
      : `${Math.min(value, 2 ** 31 - 1)}`
    : `${Math.min(value, 2 ** 32 - 1)}u`;

const SUM: Reduction = {
  float: (x, axes) => sum(x, { axes, keepDims: true }),
  host: (all) => all.reduce((a, b) => a + b, 0),
  integer: (type) => ({ start: integerText(0, type), step: 'total + each' }),
  empty: 0,
};
const least = (type: ElementType): number =>
  isInteger(type) ? integerRange(type)[0] : Number.NEGATIVE_INFINITY;
const most = (type: ElementType): number =>
  isInteger(type) ? integerRange(type)[1] : Number.POSITIVE_INFINITY;

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  ReduceSum: SUM,
  ReduceMean: {
    float: (x, axes) => mean(x, { axes, keepDims: true }),
    host: (all) => all.reduce((a, b) => a + b, 0) / all.length,
  },
  ReduceProd: {
    float: (x, axes) => prod(x, { axes, keepDims: true }),
    host: (all) => all.reduce((a, b) => a * b, 1),
    integer: (type) => ({ start: integerText(1, type), step: 'total * each' }),
    empty: 1,
  },
  ReduceMax: {
    float: (x, axes) => max(x, { axes, keepDims: true }),
    host: (all) => Math.max(...all),
    integer: (type) => ({ start: integerText(least(type), type), step: 'max(total, each)' }),
    empty: Number.NEGATIVE_INFINITY,
  },
  ReduceMin: {
    float: (x, axes) => min(x, { axes, keepDims: true }),
    host: (all) => Math.min(...all),
    integer: (type) => ({ start: integerText(most(type), type), step: 'min(total, each)' }),
    empty: Number.POSITIVE_INFINITY,
  },
  ReduceL1: {
    float: (x, axes) => sum(abs(x), { axes, keepDims: true }),
    host: (all) => all.reduce((a, b) => a + Math.abs(b), 0),
    empty: 0,
  },
  ReduceL2: {
    float: (x, axes) => sqrt(sum(square(x), { axes, keepDims: true })),
    host: (all) => Math.sqrt(all.reduce((a, b) => a + b * b, 0)),
    empty: 0,
  },
  ReduceSumSquare: {
    float: (x, axes) => sum(square(x), { axes, keepDims: true }),
    host: (all) => all.reduce((a, b) => a + b * b, 0),
    integer: (type) => ({ start: integerText(0, type), step: 'total + each * each' }),
    empty: 0,
  },
  ReduceLogSum: {
    float: (x, axes) => log(sum(x, { axes, keepDims: true })),
    host: (all) => Math.log(all.reduce((a, b) => a + b, 0)),
    empty: Number.NEGATIVE_INFINITY,
  },
  ReduceLogSumExp: {
    float: (x, axes) => logSumExp(x, { axes, keepDims: true }),
    host: (all) => Math.log(all.reduce((a, b) => a + Math.exp(b), 0)),
    empty: Number.NEGATIVE_INFINITY,
  },
};

function reduced(call: NodeCall, reduction: Reduction): Term {
  const x = call.term(0);
  const rank = x.shape.length;
  const given = call.ints('axes') ?? call.optionalNumbers(1, 'axes') ?? [];
  if (given.length === 0 && call.flag('noop_with_empty_axes', false)) return pointReduced(x, reduction);
  const axes = (given.length === 0 ? range(rank) : given).map((axis) => normalizeAxis('axes', axis, rank));
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const shape = call.flag('keepdims', true) ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
  return reshaped(reduceAxes(x, reduction, axes, kept), shape);
}

/** No axis is reduced: each element is a reduction of its own. */
const pointReduced = (x: Term, reduction: Reduction): Term =>
  reshaped(reduceAxes(reshaped(x, [...x.shape, 1]), reduction, [x.shape.length], [...x.shape, 1]), x.shape);

function reduceAxes(x: Term, reduction: Reduction, axes: readonly number[], kept: readonly number[]): Term {
  const { type } = x;
  const count = product(axes.map((axis) => x.shape[axis]!));
  if (count === 0 && reduction.empty !== undefined) {
    const ends = isInteger(type)
      ? Math.max(least(type), Math.min(most(type), reduction.empty))
      : reduction.empty;
    return stretched(Term.known(type, [], [type === 'bool' ? Number(ends > 0) : ends]), kept);
  }
  if (x.known && x.size <= 65_536) return hostReduced(x, reduction, kept);
  if (!isInteger(type)) return Term.of(type, reduction.float(x.value, axes));
  if (!reduction.integer) {
    return convert(Term.of('float', reduction.float(convert(x, 'float').value, axes)), type);
  }
  const { start, step } = reduction.integer(type);
  const sizes = axes.map((axis) => x.shape[axis]!);
  const loops = axes.map((axis, i) => `for (var r${axis} = 0; r${axis} < ${sizes[i]}; r${axis}++) {`);
  const place = placeOf(
    x.shape,
    range(x.shape.length).map((axis) => (axes.includes(axis) ? `r${axis}` : `c${axis}`)),
  );
  const body = `var total = ${start};
    ${loops.join('\n')}
    let each = x0[${place}];
    total = ${step};
    ${loops.map(() => '}').join(' ')}
    out = ${wrappedText('total', type)};`;
  return Term.of(
    type,
    elementKernel({ name: 'reduce', inputs: [x.value], shape: kept, dtype: dtypeOf(type), body }),
  );
}

function hostReduced(x: Term, { host }: Reduction, kept: readonly number[]): Term {
  const to = broadcastPlaces(kept, x.shape);
  const groups = Array.from({ length: product(kept) }, (): number[] => []);
  for (let i = 0; i < x.size; i++) groups[to(i)]!.push(x.known![i]!);
  return Term.known(
    x.type,
    kept,
    groups.map((group) => fitted(host(group), x.type)),
  );
}

const reduction = (name: string): Operator => ({
  attributes: ['axes', 'keepdims', 'noop_with_empty_axes'],
  known: [1],
  run: (call) => reduced(call, REDUCTIONS[name]!),
});

/** Index of the first, or the last, largest element. */
const place = (fn: typeof argmax): Operator => ({
  attributes: ['axis', 'keepdims', 'select_last_index'],
  run(call) {
    const x = convert(call.term(0), 'float').value;
    const axis = normalizeAxis('axis', call.int('axis', 0), x.shape.length);
    const keepDims = call.flag('keepdims', true);
    if (!call.flag('select_last_index', false)) return Term.of('int64', fn(x, axis, keepDims));
    const fromEnd = cast(fn(flip(x, [axis]), axis, keepDims), 'f32');
    return Term.of('int64', cast(sub(x.shape[axis]! - 1, fromEnd), 'i32'));
  },
});

const running = (call: NodeCall): { x: Term; axis: number; exclusive: boolean; reverse: boolean } => {
  const x = call.term(0);
  const axis = normalizeAxis('axis', call.numbers(1, 'axis')[0]!, x.shape.length);
  return { x, axis, exclusive: call.flag('exclusive', false), reverse: call.flag('reverse', false) };
};

function cumulativeSum(call: NodeCall): Term {
  const { x, axis, ...options } = running(call);
  if (isFloat(x.type)) return Term.of(x.type, cumsum(x.value, axis, options));
  return cumulative(x, axis, options, 'total + each', '0');
}

/** One element at a time: integers, and products. */
function cumulative(
  x: Term,
  axis: number,
  { exclusive, reverse }: { exclusive: boolean; reverse: boolean },
  step: string,
  start: string,
): Term {
  const dtype = dtypeOf(x.type);
  const size = x.shape[axis]!;
  const from = placeOf(
    x.shape,
    range(x.shape.length).map((i) => (i === axis ? 'k' : `c${i}`)),
  );
  const [first, last] = reverse
    ? [`c${axis} + ${Number(exclusive)}`, `${size - 1}`]
    : ['0', `c${axis} - ${Number(exclusive)}`];
  const body = `var total = ${{ f32: 'f32', i32: 'i32', u32: 'u32' }[dtype]}(${start});
    for (var k = ${first}; k <= ${last}; k++) { let each = x0[${from}]; total = ${step}; }
    out = ${isFloat(x.type) ? 'total' : wrappedText('total', x.type)};`;
  return Term.of(
    x.type,
    elementKernel({ name: 'cumulative', inputs: [x.value], shape: x.shape, dtype, body }),
  );
}

function cumulativeProduct(call: NodeCall): Term {
  const { x, axis, ...options } = running(call);
  return cumulative(x, axis, options, 'total * each', '1');
}

/** Divided by its p-norm along the axis; zeros stay. */
function lpNormalization(call: NodeCall): Term {
  const x = call.value(0);
  const over = { axes: [call.int('axis', -1)], keepDims: true };
  const norm = call.int('p', 2) === 1 ? sum(abs(x), over) : sqrt(sum(square(x), over));
  return Term.of(call.term(0).type, where(greater(norm, 0), div(x, norm), 0));
}

function meanVariance(call: NodeCall): Term {
  const x = call.value(0);
  const over = { axes: call.ints('axes') ?? [0, 2, 3], keepDims: true };
  const centred = sub(x, mean(x, over));
  return Term.of(call.term(0).type, div(centred, add(sqrt(mean(square(centred), over)), 1e-9)));
}

export const reduceOperators: OperatorTable = {
  ...Object.fromEntries(Object.keys(REDUCTIONS).map((name) => [name, reduction(name)])),
  ArgMax: place(argmax),
  ArgMin: place(argmin),
  CumSum: { attributes: ['exclusive', 'reverse'], known: [1], run: cumulativeSum },
  CumProd: { attributes: ['exclusive', 'reverse'], known: [1], run: cumulativeProduct },
  LpNormalization: { attributes: ['axis', 'p'], run: lpNormalization },
  MeanVarianceNormalization: { attributes: ['axes'], run: meanVariance },
};
