import type { Dtype, Value } from '../graph/value.ts';
import type { RandomStream } from '../random.ts';
import { product, type Shape } from '../shape.ts';
import type { Tensor64 } from './reference/tensor64.ts';

/** One operand of a sample. */
export interface SampleInput {
  readonly shape: Shape;
  /** Default f32. */
  readonly dtype?: Exclude<Dtype, 'f16'>;
  /** Its elements from uniform numbers in [0, 1) and their places. Default: uniform in [-2, 2). */
  readonly fill?: (uniform: number, flat: number) => number;
  /** False where no derivative is asked for (conditions, masks). Default: true for f32. */
  readonly differentiable?: boolean;
}

/** One op on one set of shapes. */
export interface Sample {
  /** Names it behind the op's name: its shapes, or what is special about it. */
  readonly label: string;
  readonly inputs: readonly SampleInput[];
  run(...inputs: Value[]): Value;
  /** The definition in float64, NaN and infinities included. */
  readonly reference: (...inputs: Tensor64[]) => Tensor64;
}

/**
 * Everything that must hold of one op. The tests (test/ops.test.ts) derive from it, and `wgad doctor` runs it on the
 * user's adapter.
 */
export interface OpSpec {
  /** Each must catch what no other does: one element, primes, a rest beside a tile, a batch of one, nothing at all. */
  readonly samples: readonly [Sample, ...Sample[]];
  /** How many of its samples, from the first, `wgad doctor` runs. Default 1. */
  readonly doctor?: number;
  /**
   * Bound in units of 2^-24 times the element's magnitude (default: max(|result|, 1)). Default 4. 0: the result is some
   * of the inputs, so that the largest float32 must pass too.
   */
  readonly ulps?: number;
  /** False: no derivative flows. */
  readonly differentiable?: false;
  /** Bound of a derivative along a direction, relative to the gradient's length. Default 2e-3. */
  readonly gradTolerance?: number;
  /**
   * What NaN and infinities give: by default what `reference` says. `spread`: more results may be NaN, because what is not
   * finite is multiplied by zeros. False: nothing is defined.
   */
  readonly specials?: 'spread' | false;
  /** Types that its float operands may have; all others are refused. Default f32 and f16. */
  readonly dtypes?: readonly Dtype[];
}

/** Legal types of what is moved and not computed. */
export const ANY_DTYPE: readonly Dtype[] = ['f32', 'f16', 'i32', 'u32'];

export type SpecTable = Readonly<Record<string, OpSpec>>;

/** Operands of these shapes: f32, uniform in [-2, 2). */
export const shaped = (...shapes: Shape[]): SampleInput[] => shapes.map((shape) => ({ shape }));

/** A sample of each case. */
export const samplesOf = <Case>(
  [first, ...more]: readonly [Case, ...Case[]],
  sample: (of: Case) => Sample,
): OpSpec['samples'] => [sample(first), ...more.map(sample)];

/** Whether a derivative towards it is asked for. */
export const isDifferentiable = ({ differentiable, dtype = 'f32' }: SampleInput): boolean =>
  differentiable ?? dtype === 'f32';

/** Numbers for an operand. */
export function drawn(
  { shape, dtype = 'f32', fill = (uniform) => uniform * 4 - 2 }: SampleInput,
  random: RandomStream,
): Float32Array | Int32Array | Uint32Array {
  const numbers = Array.from({ length: product(shape) }, (_, flat) => fill(random.next(), flat));
  if (dtype === 'i32') return Int32Array.from(numbers);
  return dtype === 'u32' ? Uint32Array.from(numbers) : Float32Array.from(numbers);
}
