import type { Value } from '../value.ts';

/** An op's attributes and traits. Passes ask for traits instead of comparing names. */
export interface OpDefinition {
  /** Attributes of its values, declared by `attributes`; absent: none. */
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
  /** Its kernels read f16 operands. Implied by `storesHalf` and `averagesHalf`. */
  readonly readsHalf?: true;
  /** Each result sums over so many elements that rounding them to f16 averages out, so they may be stored as f16. */
  readonly averagesHalf?: true;
  /**
   * Multiply-accumulates of one of its values, by definition (methods.md, conventions): padding is counted, normalisation,
   * activation, pooling and resizing are not. Absent: none.
   */
  readonly macs?: (value: Value) => number;
  /** Further index ranges of its kernels, beside the elements of inputs and result, with their sizes; default none. */
  readonly indexed?: (value: Value) => readonly [what: string, count: number][];
  /** Why no derivative flows through it. */
  readonly nonDifferentiable?: string;
}

export type OpTable = Readonly<Record<string, OpDefinition>>;

/** Plain data, so that a graph can be printed, compared, hashed. */
export type Attrs = Readonly<Record<string, unknown>>;

/** Declares the type of an op's attributes; at run time it is undefined. */
export const attributes = <A extends Attrs>(): A => undefined as unknown as A;
