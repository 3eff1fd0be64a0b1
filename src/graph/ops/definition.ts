/** What the passes may ask of an op, instead of its name. */
export interface OpDefinition {
  /** Supplied from outside: input, constant, state. */
  readonly leaf?: boolean;
  /** One element in, one element out, described by `attrs.program`. */
  readonly pointwise?: boolean;
  /** Its result is its first input's memory under another shape or offset; nothing is dispatched. */
  readonly view?: boolean;
  /** Its inputs are computed straight into the right places of its result; nothing is dispatched. */
  readonly placesInputs?: boolean;
  /** May carry `attrs.prologue`, a program over its inputs that yields what it reads. */
  readonly takesPrologue?: boolean;
  /** May carry `attrs.epilogue`, a program over its result and further inputs. */
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
  /** Why no derivative flows through it. */
  readonly nonDifferentiable?: string;
}

export type OpTable = Readonly<Record<string, OpDefinition>>;
