import type { Dtype, Value } from '../../graph/value.ts';
import type { RandomStream } from '../../random.ts';
import type { Shape } from '../../shape.ts';
import type { Tensor64 } from '../../specs/reference/tensor64.ts';

/** A family is a file under graph/ops: its ops share kernels. */
export type Family =
  | 'pointwise'
  | 'reduce'
  | 'movement'
  | 'matmul'
  | 'conv'
  | 'pool'
  | 'resize'
  | 'similarity'
  | 'batch norm'
  | 'attention'
  | 'select'
  | 'top k'
  | 'nearest'
  | 'random'
  | 'update';

export interface CheckInput {
  readonly shape: Shape;
  /** Default f32, uniform in [-2, 2). */
  readonly dtype?: Exclude<Dtype, 'f16'>;
  readonly draw?: (random: RandomStream) => number;
}

/** One op on numbers of its own, and the same in float64. Sizes are no multiple of a tile. */
export interface OpCheck {
  readonly name: string;
  readonly inputs: readonly CheckInput[];
  run(...inputs: Value[]): Value;
  readonly reference: (...inputs: Tensor64[]) => Tensor64;
  /** False where no derivative flows; default true: towards every f32 input. */
  readonly differentiable?: boolean;
  /**
   * What NaN and infinities give: by default what `reference` says. `spreads`: further results may be NaN, because what is
   * not finite is multiplied by zeros. False: nothing is defined.
   */
  readonly special?: 'spreads' | false;
}

/** An op that updates state in place. */
export interface UpdateCheck {
  readonly name: string;
  /** Lengths of the states it updates, all f32 and positive, then of its inputs. */
  readonly states: number;
  readonly length: number;
  readonly inputs: readonly CheckInput[];
  readonly effect: (states: Value[], inputs: Value[]) => Value;
  /** One element of each state after, from one element of each before and of the inputs as they are. */
  readonly reference: (states: number[], at: number, inputs: readonly Float64Array[]) => number[];
}

export const shaped = (...shapes: Shape[]): CheckInput[] => shapes.map((shape) => ({ shape }));
