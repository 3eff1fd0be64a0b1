/** Operators of integers that stand for floats. */
import { reshape } from '../../graph/ops/movement.ts';
import {
  add,
  broadcastTo,
  clamp,
  div,
  equal,
  maximum,
  minimum,
  mul,
  round,
  sub,
  where,
} from '../../graph/ops/pointwise.ts';
import { max, min } from '../../graph/ops/reduce.ts';
import type { Value } from '../../graph/value.ts';
import { normalizeAxis, type Shape } from '../../shape.ts';
import { type ElementType, elementTypeOf, integerRange, isInteger } from '../elementType.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';
import { convert } from './cast.ts';
import { convolution, numpyProduct, windowsOf } from './products.ts';

const asFloat = (term: Term): Value => convert(term, 'float').value;

/** Scales or zero points as they broadcast over x: one of all, one for each place along an axis, or one a block. */
function spread(term: Term, shape: Shape, axis: number, block: number): Value {
  const value = asFloat(term);
  if (term.size === 1) return reshape(value, []);
  const at = normalizeAxis('axis', axis, shape.length);
  if (block === 0)
    return term.shape.length === 1
      ? reshape(
          value,
          shape.map((size, i) => (i === at ? size : 1)),
        )
      : value;
  const apart = reshape(value, [...term.shape.slice(0, at + 1), 1, ...term.shape.slice(at + 1)]);
  const wide = broadcastTo(apart, [...term.shape.slice(0, at + 1), block, ...term.shape.slice(at + 1)]);
  return reshape(wide, shape);
}

function toQuantized(
  x: Value,
  scaleOf: Value,
  zero: Value | undefined,
  type: ElementType,
  saturate: boolean,
): Term {
  const steps = div(x, scaleOf);
  if (!isInteger(type)) return convert(Term.of('float', zero ? add(steps, zero) : steps), type, { saturate });
  const [least, most] = integerRange(type);
  const whole = zero ? add(round(steps), zero) : round(steps);
  return convert(Term.of('float', clamp(whole, least, most)), type);
}

function quantize(call: NodeCall): Term {
  const x = asFloat(call.term(0));
  const zero = call.optional(2);
  const type = zero?.type ?? elementTypeOf(call.int('output_dtype', 0)) ?? 'uint8';
  const [axis, block] = [call.int('axis', 1), call.int('block_size', 0)];
  const over = (term: Term): Value => spread(term, x.shape, axis, block);
  return toQuantized(x, over(call.term(1)), zero && over(zero), type, call.flag('saturate', true));
}

function dequantize(call: NodeCall): Term {
  const x = call.term(0);
  const zero = call.optional(2);
  const [axis, block] = [call.int('axis', 1), call.int('block_size', 0)];
  const over = (term: Term): Value => spread(term, x.shape, axis, block);
  const centred = zero ? sub(asFloat(x), over(zero)) : asFloat(x);
  const type = elementTypeOf(call.int('output_dtype', 0)) ?? call.term(1).type;
  return convert(Term.of('float', mul(centred, over(call.term(1)))), type);
}

function dynamicQuantize(call: NodeCall): Term[] {
  const x = call.value(0);
  const [most, least] = [maximum(max(x), 0), minimum(min(x), 0)];
  const range = where(equal(most, least), 1, sub(most, least));
  const step = div(range, 255);
  const zero = round(clamp(sub(0, div(least, step)), 0, 255));
  return [
    toQuantized(x, step, zero, 'uint8', true),
    Term.of('float', step),
    convert(Term.of('float', zero), 'uint8'),
  ];
}

/** A float operand less its zero point; `axis` where there is one of these for each place along it. */
function centred(call: NodeCall, x: number, zero: number, axis: number): Value {
  const value = asFloat(call.term(x));
  const term = call.optional(zero);
  if (!term) return value;
  return sub(value, term.shape.length > 1 ? asFloat(term) : spread(term, value.shape, axis, 0));
}

function integerProduct(call: NodeCall): Term {
  const a = centred(call, 0, 2, -2);
  return convert(Term.of('float', numpyProduct(a, centred(call, 1, 3, -1))), 'int32');
}

function integerConvolution(call: NodeCall): Term {
  const x = centred(call, 0, 2, 0);
  const weight = centred(call, 1, 3, 0);
  const windows = windowsOf(call, x.shape.slice(2), weight.shape.slice(2));
  return convert(
    Term.of('float', convolution(x, weight, { ...windows, groups: call.int('group', 1) })),
    'int32',
  );
}

/** Inputs: a, its scale and zero point, b, its scale and zero point, scale and zero point of the result. */
function quantizedProduct(call: NodeCall): Term {
  const floats = (i: number, axis: number): Value => {
    const value = centred(call, i, i + 2, axis);
    const step = call.term(i + 1);
    return mul(value, step.shape.length > 1 ? asFloat(step) : spread(step, value.shape, axis, 0));
  };
  const out = numpyProduct(floats(0, -2), floats(3, -1));
  return toQuantized(out, asFloat(call.term(6)), asFloat(call.term(7)), call.term(7).type, true);
}

function quantizedConvolution(call: NodeCall): Term {
  const x = mul(centred(call, 0, 2, 0), spread(call.term(1), call.term(0).shape, 0, 0));
  const weight = mul(centred(call, 3, 5, 0), spread(call.term(4), call.term(3).shape, 0, 0));
  const windows = windowsOf(call, x.shape.slice(2), weight.shape.slice(2));
  const raw = convolution(x, weight, { ...windows, groups: call.int('group', 1) });
  const bias = call.optional(8);
  const step = mul(asFloat(call.term(1)), asFloat(call.term(4)));
  const out = bias
    ? add(raw, reshape(mul(asFloat(bias), step), [1, bias.size, ...raw.shape.slice(2).map(() => 1)]))
    : raw;
  return toQuantized(out, asFloat(call.term(6)), asFloat(call.term(7)), call.term(7).type, true);
}

const WINDOWS = ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides'];

export const quantizeOperators: OperatorTable = {
  QuantizeLinear: {
    attributes: ['axis', 'block_size', 'output_dtype', 'precision', 'saturate'],
    run: quantize,
  },
  DequantizeLinear: { attributes: ['axis', 'block_size', 'output_dtype'], run: dequantize },
  DynamicQuantizeLinear: { attributes: [], run: dynamicQuantize },
  MatMulInteger: { attributes: [], run: integerProduct },
  ConvInteger: { attributes: WINDOWS, run: integerConvolution },
  QLinearMatMul: { attributes: [], run: quantizedProduct },
  QLinearConv: { attributes: WINDOWS, run: quantizedConvolution },
};
