import type { Dtype, Value } from '../../src/graph/value.ts';
import type { Shape } from '../../src/shape.ts';
import type { Tensor64 } from '../../src/specs/reference/tensor64.ts';

/** One operand of a sample: fresh random numbers every run unless it fixes them. */
export interface SampleInput {
  readonly shape: Shape;
  readonly dtype?: Dtype;
  /** Default: uniform in [-2, 2]. Called once per element with a uniform number in [0, 1). */
  readonly fill?: (uniform: number, flat: number) => number;
  /** False where no gradient is asked for (labels, keys). Default: true for f32. */
  readonly differentiable?: boolean;
}

/** One op (or composite) on one set of shapes; forward, gradient and determinism tests derive from it. */
export interface Sample {
  readonly label: string;
  readonly inputs: readonly SampleInput[];
  run(...inputs: Value[]): Value;
  readonly reference: (...inputs: Tensor64[]) => Tensor64;
}

/** Everything that must hold of one public function. Every test of it is derived from this record. */
export interface OpSpec {
  readonly samples: readonly Sample[];
  /** Bound in units of u = 2^-24 times the element's magnitude (default max(|out|, 1)); default 4. */
  readonly ulps?: number;
  /** False: no gradient test. Default true. */
  readonly differentiable?: boolean;
  /** Relative bound of the directional derivative; default 2e-3. */
  readonly gradTolerance?: number;
  /** Calls that must throw, and the message word for word (or a part of it). */
  readonly rejects?: readonly (readonly [call: () => unknown, message: string])[];
}

export type SpecTable = Readonly<Record<string, OpSpec>>;
