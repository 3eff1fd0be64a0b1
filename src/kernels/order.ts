import type { Element } from './kernel.ts';
import { orderedBits } from './math/nan.ts';
import type { WgslFunction } from './wgsl.ts';

/** WGSL of an unsigned integer that orders like an element: of floats NaN is the largest, and -0 equals 0. */
export function orderOf(element: Element): {
  readonly of: (value: string) => string;
  readonly functions: readonly WgslFunction[];
} {
  if (element === 'u32') return { of: (value) => value, functions: [] };
  if (element === 'i32') return { of: (value) => `(bitcast<u32>(${value}) ^ 0x80000000u)`, functions: [] };
  return { of: (value) => `ordered_bits(f32(${value}))`, functions: [orderedBits] };
}
