import type { Value } from '../value.ts';

/** What an op is: what its values know, and what the passes may ask of it, instead of its name. */
export interface OpDefinition {
  /** What its values know beside their inputs, declared by `attributes`; absent: nothing. */
  readonly attrs?: Attrs;
  /** Supplied from outside: input, constant, state. */
  readonly leaf?: boolean;
  /** One element in, one element out, described by its attribute `program`. */
  readonly pointwise?: boolean;
  /** Its result is its first input's memory under another shape or offset; nothing is dispatched. */
  readonly view?: boolean;
  /** Its inputs are computed straight into the right places of its result; nothing is dispatched. */
  readonly placesInputs?: boolean;
  /** May have the attribute `prologue`, a program over its inputs that yields what it reads. */
  readonly takesPrologue?: boolean;
  /** May have the attribute `epilogue`, a program over its result and further inputs. */
  readonly takesEpilogue?: boolean;
  /** Indices of the inputs (state values) that it updates in place. It has no result of its own. */
  readonly updates?: readonly number[];
  /** Exists for the reverse sweep alone; `simplify` removes it. */
  readonly identity?: boolean;
  /** Its kernels store f16 where its value's dtype says so. */
  readonly storesHalf?: true;
  /** Its kernels read f16 where an operand's dtype says so; those that store it or average it do anyhow. */
  readonly readsHalf?: true;
  /** Each result sums over so many elements that their rounding to f16 averages out: they may be stored so. */
  readonly averagesHalf?: true;
  /**
   * Multiply-accumulates of one of its values, by definition (methods.md, conventions): padding is counted, normalisation,
   * activation, pooling and resizing are not. Absent: none.
   */
  readonly macs?: (value: Value) => number;
  /** What its kernels index beside the elements of inputs and result, and how much of it there is; default nothing. */
  readonly indexed?: (value: Value) => readonly [what: string, count: number][];
  /** Why no derivative flows through it. */
  readonly nonDifferentiable?: string;
}

export type OpTable = Readonly<Record<string, OpDefinition>>;

/** Plain data, so that a graph can be printed, compared, hashed. */
export type Attrs = Readonly<Record<string, unknown>>;

/** Declares the attributes of an op. They are a type alone: at run time there is nothing here. */
export const attributes = <A extends Attrs>(): A => undefined as unknown as A;
