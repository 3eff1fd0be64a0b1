import * as bits from '../graph/ops/integers.ts';
import * as ops from '../graph/ops/pointwise.ts';
import * as reductions from '../graph/ops/reduce.ts';
import { cumsum } from '../graph/ops/scan.ts';
import type { Value } from '../graph/value.ts';
import { map2 } from './reference/ops.ts';
import { build, type Tensor64 } from './reference/tensor64.ts';
import type { OpSpec, Sample, SpecTable } from './spec.ts';

type Whole = 'i32' | 'u32';
type Run = (a: Value, b: Value) => Value;
type Exact = (a: bigint, b: bigint) => bigint;

/** Both ends of each type, numbers that no float32 holds, small ones and 0. */
const EDGES: Record<Whole, readonly number[]> = {
  i32: [-(2 ** 31), 2 ** 31 - 1, -(2 ** 24) - 1, 2 ** 24 + 1, 123_456_789, -7, -1, 0, 1, 3, 5, 31, 33],
  u32: [2 ** 32 - 1, 2 ** 31, 2 ** 24 + 1, 3_123_456_789, 0, 1, 2, 7, 31, 33],
};

const wrapped = (type: Whole, value: bigint): number =>
  Number(type === 'i32' ? BigInt.asIntN(32, value) : BigInt.asUintN(32, value));

/** Every pair of the edges. */
const pairs = (type: Whole, run: Run, exact: Exact): Sample => {
  const edges = EDGES[type];
  return {
    label: `of ${type}`,
    inputs: [
      { shape: [edges.length, 1], dtype: type, fill: (_, flat) => edges[flat]! },
      { shape: [edges.length], dtype: type, fill: (_, flat) => edges[flat]! },
    ],
    run,
    reference: (a, b) => map2(a, b, (x, y) => wrapped(type, exact(BigInt(x), BigInt(y)))),
  };
};

const exactly = (run: Run, exact: Exact, types: readonly Whole[] = ['i32', 'u32'], doctor = 1): OpSpec => {
  const [first, ...more] = types.map((type) => pairs(type, run, exact));
  return { ulps: 0, differentiable: false, doctor, samples: [first!, ...more] };
};
const signed: readonly Whole[] = ['i32'];
const flag = (truth: boolean): bigint => (truth ? 1n : 0n);
const floorOf = (a: bigint, b: bigint): bigint =>
  b === 0n ? 0n : a / b - flag(a % b !== 0n && a < 0n !== b < 0n);
const power = (a: bigint, b: bigint): bigint => {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  let [result, base] = [1n, a];
  for (let left = b; left > 0n; left >>= 1n) {
    if (left & 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
};

/** Sums and extremes of numbers that no float32 holds. */
const reducing = (run: (x: Value) => Value, reference: (x: Tensor64) => Tensor64, size = 333): OpSpec => ({
  ulps: 0,
  differentiable: false,
  samples: [
    {
      label: `of i32 [3, ${size}]`,
      inputs: [{ shape: [3, size], dtype: 'i32', fill: (uniform) => Math.floor((uniform - 0.5) * 2 ** 32) }],
      run,
      reference,
    },
  ],
});
const rows = (join: (row: bigint[]) => bigint) => (x: Tensor64) =>
  build([3], ([n]) => {
    const width = x.shape[1]!;
    return wrapped('i32', join(Array.from(x.data.subarray(n! * width, (n! + 1) * width), BigInt)));
  });
const summed = (row: readonly bigint[]): bigint => row.reduce((a, b) => a + b, 0n);
const extreme = (sign: 1 | -1) => (row: bigint[]) => row.sort((a, b) => (a < b ? sign : -sign))[0]!;
const axes = { axes: [1] };

/** Functions of integers, exact for all of them. */
export const integerSpecs = {
  bitwiseAnd: exactly(bits.bitwiseAnd, (a, b) => a & b),
  bitwiseOr: exactly(bits.bitwiseOr, (a, b) => a | b, signed),
  bitwiseXor: exactly(bits.bitwiseXor, (a, b) => a ^ b, signed),
  bitwiseNot: exactly(
    (a, b) => ops.add(bits.bitwiseNot(a), ops.mul(b, 0)),
    (a) => ~a,
    signed,
  ),
  shiftLeft: exactly(bits.shiftLeft, (a, b) => (b < 0n || b > 31n ? 0n : a << b)),
  shiftRight: exactly(bits.shiftRight, (a, b) => (b < 0n || b > 31n ? (a < 0n ? -1n : 0n) : a >> b)),
  addIntegers: exactly(ops.add, (a, b) => a + b),
  subIntegers: exactly(ops.sub, (a, b) => a - b, signed),
  mulIntegers: exactly(ops.mul, (a, b) => a * b),
  powIntegers: exactly(ops.pow, power, signed),
  floorDivIntegers: exactly(ops.floorDiv, floorOf),
  truncDivIntegers: exactly(ops.truncDiv, (a, b) => (b === 0n ? 0n : a / b), signed),
  remainderIntegers: exactly(ops.remainder, (a, b) => (b === 0n ? 0n : a - b * floorOf(a, b))),
  fmodIntegers: exactly(ops.fmod, (a, b) => (b === 0n ? 0n : a % b), signed),
  maximumIntegers: exactly(ops.maximum, (a, b) => (a > b ? a : b)),
  minimumIntegers: exactly(ops.minimum, (a, b) => (a < b ? a : b), signed),
  greaterIntegers: exactly(ops.greater, (a, b) => flag(a > b)),
  equalIntegers: exactly(ops.equal, (a, b) => flag(a === b), signed),
  /** Functions of one number, in a sum that tells them apart. */
  unaryIntegers: exactly(
    (a, b) => {
      const [sign, absolute, clamped] = [ops.sign(a), ops.abs(a), ops.clamp(a, -5.5, 1e10)];
      const chosen = ops.where(ops.logicalAnd(a, b), ops.neg(a), ops.square(b));
      return ops.add(ops.add(chosen, ops.mul(sign, 5)), ops.sub(absolute, ops.mul(clamped, 3)));
    },
    (a, b) => {
      const clamped = a < -5n ? -5n : a;
      const chosen = a !== 0n && b !== 0n ? -a : b * b;
      return chosen + 5n * (a > 0n ? 1n : a < 0n ? -1n : 0n) + (a < 0n ? -a : a) - 3n * clamped;
    },
  ),
  sumIntegers: reducing((x) => reductions.sum(x, axes), rows(summed)),
  prodIntegers: reducing(
    (x) => reductions.prod(x, axes),
    rows((row) => row.reduce((a, b) => BigInt.asIntN(32, a * b), 1n)),
    5,
  ),
  maxIntegers: reducing((x) => reductions.max(x, axes), rows(extreme(1))),
  minIntegers: reducing((x) => reductions.min(x, axes), rows(extreme(-1))),
  argminIntegers: reducing(
    (x) => reductions.argmin(x, 1),
    (x) =>
      build([3], ([n]) => {
        const row = x.data.subarray(n! * 333, (n! + 1) * 333);
        return row.indexOf(Math.min(...row));
      }),
  ),
  cumsumIntegers: reducing(
    (x) => cumsum(x, 1),
    (x) => {
      let sum = 0n;
      return build(x.shape, ([n, i]) => {
        sum = (i === 0 ? 0n : sum) + BigInt(x.data[n! * x.shape[1]! + i!]!);
        return wrapped('i32', sum);
      });
    },
    1031,
  ),
} as const satisfies SpecTable;
