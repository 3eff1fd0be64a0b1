/** Activations: functions of one element with numbers of their own. */
import {
  abs,
  cast,
  clamp,
  equal,
  gelu,
  greater,
  hardswish,
  mul,
  relu,
  scale,
  shift,
  sigmoid,
  sign,
  silu,
  sub,
  where,
} from '../../graph/ops/pointwise.ts';
import { argmax } from '../../graph/ops/reduce.ts';
import { constant, type Value } from '../../graph/value.ts';
import { celu, elu, geluTanh, leakyRelu, mish, prelu, softplus, softsign } from '../../nn/activations.ts';
import { logSoftmax, softmax } from '../../nn/softmax.ts';
import { normalizeAxis, range } from '../../shape.ts';
import { elementwise } from '../broadcast.ts';
import { isInteger } from '../elementType.ts';
import type { NodeCall, Operator, OperatorTable } from '../operator.ts';
import { unaryValue } from '../operator.ts';
import { Term } from '../term.ts';
import { MAX } from './pointwise.ts';

/** With attributes, each of which has a default. */
function shaped<K extends string>(
  defaults: Readonly<Record<K, number>>,
  fn: (x: Value, attributes: Readonly<Record<K, number>>) => Value,
): Operator {
  const names = Object.keys(defaults) as K[];
  return {
    attributes: names,
    run(call) {
      const given = Object.fromEntries(names.map((name) => [name, call.float(name, defaults[name])]));
      return Term.of(call.term(0).type, fn(call.value(0), given as Record<K, number>));
    },
  };
}

const alongAxis = (fn: (x: Value, axis: number) => Value): Operator => ({
  attributes: ['axis'],
  run: (call) => Term.of(call.term(0).type, fn(call.value(0), call.int('axis', -1))),
});

/** 1 at the first largest element along the axis. */
function hardmax(x: Value, axis: number): Value {
  const chosen = normalizeAxis('Hardmax', axis, x.shape.length);
  const length = x.shape[chosen]!;
  const places = constant(
    range(length),
    x.shape.map((_, i) => (i === chosen ? length : 1)),
  );
  return equal(cast(argmax(x, chosen, true), 'f32'), places);
}

function shrink(x: Value, { lambd, bias }: { lambd: number; bias: number }): Value {
  return where(greater(abs(x), lambd), sub(x, scale(sign(x), bias)), 0);
}

/** Numbers up to alpha become 0. */
const thresholded = (x: Value, { alpha }: { alpha: number }): Value => where(greater(x, alpha), x, 0);

function runPrelu(call: NodeCall): Term {
  const [x, slope] = [call.term(0), call.term(1)];
  if (!isInteger(x.type)) return Term.of(x.type, prelu(x.value, slope.value));
  return elementwise(
    {
      host: (a, b) => (a! > 0 ? a! : a! * b!),
      integer: ([a, b]) => `select(${a} * ${b}, ${a}, ${a} > ${a} - ${a})`,
    },
    [x, slope],
    x.type,
  );
}

export const activationOperators: OperatorTable = {
  Relu: {
    attributes: [],
    run(call) {
      const x = call.term(0);
      if (isInteger(x.type)) return elementwise(MAX, [x, Term.known(x.type, [], [0])], x.type);
      return elementwise({ host: (each) => Math.max(0, each!), float: (each) => relu(each!) }, [x], x.type);
    },
  },
  LeakyRelu: shaped({ alpha: 0.01 }, (x, { alpha }) => leakyRelu(x, alpha)),
  Elu: shaped({ alpha: 1 }, (x, { alpha }) => elu(x, alpha)),
  Celu: shaped({ alpha: 1 }, (x, { alpha }) => celu(x, alpha)),
  Selu: shaped({ alpha: 1.6732632423543772, gamma: 1.0507009873554805 }, (x, { alpha, gamma }) =>
    scale(elu(x, alpha), gamma),
  ),
  ThresholdedRelu: shaped({ alpha: 1 }, thresholded),
  HardSigmoid: shaped({ alpha: 0.2, beta: 0.5 }, (x, { alpha, beta }) =>
    clamp(shift(scale(x, alpha), beta), 0, 1),
  ),
  Shrink: shaped({ lambd: 0.5, bias: 0 }, shrink),
  Swish: shaped({ alpha: 1 }, (x, { alpha }) => (alpha === 1 ? silu(x) : mul(x, sigmoid(scale(x, alpha))))),
  HardSwish: unaryValue(hardswish),
  Sigmoid: unaryValue(sigmoid),
  Softplus: unaryValue((x) => softplus(x)),
  Softsign: unaryValue(softsign),
  Mish: unaryValue(mish),
  Gelu: {
    attributes: ['approximate'],
    run: (call) =>
      Term.of(
        call.term(0).type,
        call.text('approximate', 'none') === 'tanh' ? geluTanh(call.value(0)) : gelu(call.value(0)),
      ),
  },
  PRelu: { attributes: [], run: runPrelu },
  Softmax: alongAxis(softmax),
  LogSoftmax: alongAxis(logSoftmax),
  Hardmax: alongAxis(hardmax),
};
