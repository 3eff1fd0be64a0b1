/** Normalisations. */
import { pad, part, reshape } from '../../graph/ops/movement.ts';
import {
  add,
  broadcastTo,
  div,
  mul,
  pow,
  rsqrt,
  scale,
  shift,
  square,
  sub,
} from '../../graph/ops/pointwise.ts';
import { mean } from '../../graph/ops/reduce.ts';
import type { Value } from '../../graph/value.ts';
import { layerNorm } from '../../nn/norm.ts';
import { normalizeAxis, product, range } from '../../shape.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';

/** [C] as it broadcasts over [N, C, ...S]. */
const perChannel = (v: Value, rank: number): Value =>
  reshape(v, [1, v.shape[0]!, ...range(rank - 2).map(() => 1)]);

function batchNormalization(call: NodeCall): Term[] {
  const { type } = call.term(0);
  const [x, weight, bias, average, variance] = range(5).map((i) => call.value(i)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const eps = call.float('epsilon', 1e-5);
  const rank = Math.max(2, x.shape.length);
  const wide = (v: Value): Value => (x.shape.length < 2 ? v : perChannel(v, rank));
  const normalised = (m: Value, v: Value): Value => {
    // One scale and one shift per channel: two operations in a convolution's epilogue.
    const factor = mul(weight, rsqrt(shift(v, eps)));
    return add(mul(x, wide(factor)), wide(sub(bias, mul(m, factor))));
  };
  if (!call.flag('training_mode', false)) return [Term.of(type, normalised(average, variance))];
  const axes = range(x.shape.length).filter((axis) => axis !== 1);
  const own = mean(x, { axes });
  const spread = mean(square(sub(x, wide(own))), { axes });
  const momentum = call.float('momentum', 0.9);
  const moved = (old: Value, now: Value): Value => add(scale(old, momentum), scale(now, 1 - momentum));
  return [
    Term.of(type, normalised(own, spread)),
    Term.of(call.term(3).type, moved(average, own)),
    Term.of(call.term(4).type, moved(variance, spread)),
  ];
}

/** (x - mean) / sqrt(variance + eps) over `axes`. */
function standardised(
  x: Value,
  axes: readonly number[],
  eps: number,
): { out: Value; average: Value; inverse: Value } {
  const over = { axes, keepDims: true };
  const average = mean(x, over);
  const centred = sub(x, average);
  const inverse = rsqrt(shift(mean(square(centred), over), eps));
  return { out: mul(centred, inverse), average, inverse };
}

function layerNormalization(call: NodeCall): Term[] {
  const { type } = call.term(0);
  const x = call.value(0);
  const [weight, bias] = [call.value(1), call.optional(2)?.value];
  const axis = normalizeAxis('axis', call.int('axis', -1), x.shape.length);
  const eps = call.float('epsilon', 1e-5);
  if (
    bias &&
    axis === x.shape.length - 1 &&
    weight.shape.length === 1 &&
    bias.shape.length === 1 &&
    !call.asks(1) &&
    !call.asks(2)
  ) {
    return [Term.of(type, layerNorm(x, weight, bias, eps))];
  }
  const { out, average, inverse } = standardised(x, range(x.shape.length).slice(axis), eps);
  const scaled = mul(out, weight);
  return [bias ? add(scaled, bias) : scaled, average, inverse].map((each) => Term.of(type, each));
}

function rmsNormalization(call: NodeCall): Term {
  const x = call.value(0);
  const axis = normalizeAxis('axis', call.int('axis', -1), x.shape.length);
  const over = { axes: range(x.shape.length).slice(axis), keepDims: true };
  const inverse = rsqrt(shift(mean(square(x), over), call.float('epsilon', 1e-5)));
  return Term.of(call.term(0).type, mul(mul(x, inverse), call.value(1)));
}

function instanceNormalization(call: NodeCall): Term {
  const x = call.value(0);
  const { out } = standardised(x, range(x.shape.length).slice(2), call.float('epsilon', 1e-5));
  const wide = (i: number): Value => perChannel(call.value(i), x.shape.length);
  return Term.of(call.term(0).type, add(mul(out, wide(1)), wide(2)));
}

function groupNormalization(call: NodeCall): Term {
  const x = call.value(0);
  const groups = call.int('num_groups', 1);
  const [n, c, ...space] = x.shape as [number, number, ...number[]];
  const apart = reshape(x, [n, groups, (c / groups) * product(space)]);
  const whole = reshape(standardised(apart, [2], call.float('epsilon', 1e-5)).out, x.shape);
  // Before operator set 21 there is one weight for each group.
  const each = (i: number): Value => {
    const value = call.value(i);
    if (value.shape[0] === c) return perChannel(value, x.shape.length);
    const spread = broadcastTo(reshape(value, [groups, 1]), [groups, c / groups]);
    return perChannel(reshape(spread, [c]), x.shape.length);
  };
  return Term.of(call.term(0).type, add(mul(whole, each(1)), each(2)));
}

/** Divided by a power of the sum of squares of neighbouring channels. */
function localResponse(call: NodeCall): Term {
  const x = call.value(0);
  const size = call.int('size', 1);
  const before = Math.floor((size - 1) / 2);
  const sides = (count: number): number[] => x.shape.map((_, axis) => (axis === 1 ? count : 0));
  const squares = pad(square(x), sides(before), sides(size - 1 - before));
  const total = range(size)
    .map((i) => part(squares, 1, i, x.shape[1]!))
    .reduce((a, b) => add(a, b));
  const base = shift(scale(total, call.float('alpha', 1e-4) / size), call.float('bias', 1));
  return Term.of(call.term(0).type, div(x, pow(base, call.float('beta', 0.75))));
}

export const normOperators: OperatorTable = {
  BatchNormalization: { attributes: ['epsilon', 'momentum', 'training_mode'], run: batchNormalization },
  LayerNormalization: { attributes: ['axis', 'epsilon', 'stash_type'], run: layerNormalization },
  RMSNormalization: { attributes: ['axis', 'epsilon', 'stash_type'], run: rmsNormalization },
  InstanceNormalization: { attributes: ['epsilon'], run: instanceNormalization },
  GroupNormalization: { attributes: ['epsilon', 'num_groups', 'stash_type'], run: groupNormalization },
  LRN: { attributes: ['alpha', 'beta', 'bias', 'size'], run: localResponse },
};
