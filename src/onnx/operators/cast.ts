/** Operators that change the type of elements. */

import { DtypeError } from '../../errors.ts';
import { cast, notEqual } from '../../graph/ops/pointwise.ts';
import type { Value } from '../../graph/value.ts';
import { fitted, wrappedText } from '../broadcast.ts';
import { elementKernel } from '../elementKernel.ts';
import {
  dtypeOf,
  type ElementType,
  elementTypeOf,
  factsOf,
  floatLimits,
  isFloat,
  isInteger,
  roundToType,
  typeText,
} from '../elementType.ts';
import type { NodeCall, OperatorTable } from '../operator.ts';
import { Term } from '../term.ts';

interface Rounding {
  /** Of 8-bit floats: what is too large becomes the largest number, not infinite or NaN. */
  readonly saturate?: boolean;
  /** Of powers of two (float8e8m0); default up. */
  readonly powers?: string;
}

/** The same numbers in another type. */
export function convert(term: Term, type: ElementType, rounding: Rounding = {}): Term {
  if (term.type === type) return term;
  if (term.known) {
    const numbers = Array.from(term.known, (x) => hostConvert(x, type, rounding));
    return Term.known(type, term.shape, numbers);
  }
  return Term.of(type, deviceConvert(term, type, rounding));
}

function hostConvert(x: number, type: ElementType, { saturate = true, powers = 'up' }: Rounding): number {
  if (!isFloat(type)) return Number.isNaN(x) ? Number(type === 'bool') : fitted(x, type);
  if (type === 'float8e8m0' && x > 0) {
    const round = { up: Math.ceil, down: Math.floor, nearest: Math.round }[powers] ?? Math.ceil;
    return 2 ** Math.max(-127, Math.min(127, round(Math.log2(x))));
  }
  return roundToType(x, type, saturate);
}

function deviceConvert(term: Term, type: ElementType, rounding: Rounding): Value {
  const { value, shape } = term;
  const { kind, bits } = factsOf(type);
  const from = factsOf(term.type);
  if (kind === 'bool') return notEqual(cast(value, 'f32'), 0);
  if (kind === 'float') return roundedTo(cast(value, 'f32'), type, rounding);
  if (isInteger(term.type)) {
    if (dtypeOf(type) === value.dtype && bits >= Math.min(32, from.bits)) return value;
    const text = kind === 'signed' ? 'i32(x0[flat])' : 'u32(x0[flat])';
    const body = `out = ${wrappedText(text, type)};`;
    return elementKernel({ name: 'cast', inputs: [value], shape, dtype: dtypeOf(type), body });
  }
  if (bits >= 32) return cast(value, dtypeOf(type));
  // Through i32, so that negative numbers wrap around as integers of this width.
  return deviceConvert(Term.of('int32', cast(value, 'i32')), type, rounding);
}

/** A result as its type holds it, if that has fewer digits than float32. */
export function rounded(term: Term): Term {
  if (term.type !== 'float16' && term.type !== 'bfloat16') return term;
  if (term.known)
    return Term.known(
      term.type,
      term.shape,
      Array.from(term.known, (x) => roundToType(x, term.type)),
    );
  return Term.of(term.type, roundedTo(term.value, term.type, {}));
}

/** f32 numbers rounded to a float type of fewer digits. */
function roundedTo(x: Value, type: ElementType, { saturate = true, powers = 'up' }: Rounding): Value {
  const { format, bits } = factsOf(type);
  if (!format) return x;
  if (type === 'float16') return cast(cast(x, 'f16'), 'f32');
  const { bias, most } = floatLimits(format);
  const infinity = 'bitcast<f32>(0x7f800000u + u32(id.z))';
  const nan = 'bitcast<f32>(0x7fc00000u + u32(id.z))';
  if (type === 'float8e8m0') {
    const half = { up: '0x7fffffu', down: '0u', nearest: '0x400000u' }[powers] ?? '0x7fffffu';
    const body = `let word = bitcast<u32>(x0[flat]);
      out = bitcast<f32>(clamp(word + ${half}, 0x400000u, 0x7f000000u) & 0x7f800000u);`;
    return elementKernel({ name: `to ${type}`, inputs: [x], shape: x.shape, dtype: 'f32', body });
  }
  if (type === 'bfloat16') {
    const body = `let word = bitcast<u32>(x0[flat]);
      let rounded = (word + 0x7fffu + ((word >> 16u) & 1u)) & 0xffff0000u;
      out = bitcast<f32>(select(rounded, word, (word & 0x7fffffffu) >= 0x7f800000u));`;
    return elementKernel({ name: `to ${type}`, inputs: [x], shape: x.shape, dtype: 'f32', body });
  }
  const saturates = format.kind === 'finite' || (bits <= 8 && saturate);
  const beyond = saturates ? `${most}` : format.kind === 'ieee' ? infinity : nan;
  const infinite = format.kind === 'ieee' && !saturates ? infinity : beyond;
  const body = `let word = bitcast<u32>(x0[flat]);
    let power = max(i32((word >> 23u) & 255u) - 127, ${1 - bias});
    let up = bitcast<f32>(u32(127 + ${format.mantissa} - power) << 23u);
    let down = bitcast<f32>(u32(127 - ${format.mantissa} + power) << 23u);
    let size = round(abs(x0[flat]) * up) * down;
    let limited = select(size, ${beyond}, size > ${most});
    let whole = select(limited, ${infinite}, (word & 0x7fffffffu) == 0x7f800000u);
    out = select(whole, -whole, (word >> 31u) == 1u);
    if ((word & 0x7fffffffu) > 0x7f800000u) { out = ${format.kind === 'finite' ? '0.0' : 'x0[flat]'}; }`;
  return elementKernel({ name: `to ${type}`, inputs: [x], shape: x.shape, dtype: 'f32', body });
}

const roundingOf = (call: NodeCall): Rounding => ({
  saturate: call.flag('saturate', true),
  powers: call.text('round_mode', 'up'),
});

/** The same bits as another type of the same width. */
function bitCast(call: NodeCall): Term {
  const code = call.int('to', 0);
  const type = elementTypeOf(code);
  const x = call.term(0);
  const whole = (each: ElementType): boolean => isInteger(each) || each === 'float';
  if (!type || !whole(type) || !whole(x.type)) {
    throw new DtypeError(`expects integers or float, got ${x.type} and ${typeText(code)}`);
  }
  if (isInteger(type) && isInteger(x.type)) return convert(x, type);
  const dtype = dtypeOf(type);
  const body = `out = bitcast<${dtype}>(x0[flat]);`;
  return Term.of(type, elementKernel({ name: 'bitcast', inputs: [x.value], shape: x.shape, dtype, body }));
}

export const castOperators: OperatorTable = {
  Cast: {
    attributes: ['to', 'saturate', 'round_mode'],
    run(call) {
      const code = call.int('to', 0);
      const type = elementTypeOf(code);
      if (!type) throw new DtypeError(`expects numbers, got ${typeText(code)}`);
      return convert(call.term(0), type, roundingOf(call));
    },
  },
  CastLike: {
    attributes: ['saturate', 'round_mode'],
    run: (call) => convert(call.term(0), call.term(1).type, roundingOf(call)),
  },
  BitCast: { attributes: ['to'], run: bitCast },
};
