import { requireFilled } from '../arguments.ts';
import { DtypeError, gotText } from '../errors.ts';
import type { Lowering } from '../kernels/lowering.ts';
import { refuseExtra } from '../options.ts';
import { product, requireShape, type Shape } from '../shape.ts';
import type { CarriedOp, Carrying } from './carried.ts';

/** f16 is a storage type only: arithmetic is f32 everywhere. */
export const DTYPES = ['f32', 'f16', 'i32', 'u32'] as const;
export type Dtype = (typeof DTYPES)[number];

/** The 4-byte types: what numbers are uploaded as. */
const WHOLE_WORDS = ['f32', 'i32', 'u32'] as const;

/** Attributes by op name; declared by the table of ops (ops/index.ts), which merges them in. @public */
// biome-ignore lint/suspicious/noEmptyInterface: values know of no op; the table merges its own in.
export interface OpAttributes {}

export type OpName = keyof OpAttributes;
export type AttrsOf<K extends OpName> = OpAttributes[K];

/**
 * A symbolic tensor: what an op yields, immutable. The graph is whatever its outputs reach; nothing registers.
 * Ids grow in creation order, which is therefore a topological order.
 */
export interface Value {
  /** Unique in the process. */
  readonly id: number;
  readonly op: OpName;
  readonly inputs: readonly Value[];
  /** Attributes of the op; `isOp` narrows their type. */
  readonly attrs: AttrsOf<OpName>;
  readonly shape: Shape;
  readonly dtype: Dtype;
  /** The layer that made it (`decoder.layer1.0.conv1`), for labels and errors. */
  readonly scope: string;
  /** How its op and the ops of its derivatives run, where a program that does not use them need not hold their kernels. */
  readonly kernels?: CarriedKernels;
}

/** Lowerings by op name. */
type CarriedKernels = Readonly<Partial<Record<OpName, Lowering<never>>>>;

/** A value of a known op, with its attributes and its kernels typed. */
export type ValueOf<K extends OpName> = Value & Carrying<K> & { readonly op: K; readonly attrs: AttrsOf<K> };

/** Anything an op takes: a symbolic value, something that holds one (a device tensor), or a number. */
export type Operand = Value | { readonly value: Value } | number;

let nextId = 0;
let currentScope = '';

/** Puts `name` into the scope of values made inside `body`; nested scopes are joined by dots. */
export const scope = <T>(name: string, body: () => T): T =>
  inScope(currentScope === '' ? name : `${currentScope}.${name}`, body);

/** Gives values made inside `body` the scope of another value instead of the current one: gradients belong to its layer. */
export const inScopeOf = <T>(value: Value, body: () => T): T => inScope(value.scope, body);

function inScope<T>(name: string, body: () => T): T {
  const outer = currentScope;
  currentScope = name;
  try {
    return body();
  } finally {
    currentScope = outer;
  }
}

/** A new value in the current scope. @param from has the kernels of a carried op. */
export function makeValue<K extends Exclude<OpName, CarriedOp>>(
  op: K,
  inputs: readonly Value[],
  attrs: AttrsOf<K>,
  shape: Shape,
  dtype?: Dtype,
): Value;
export function makeValue<K extends OpName & CarriedOp>(
  op: K,
  inputs: readonly Value[],
  attrs: AttrsOf<K>,
  shape: Shape,
  dtype: Dtype,
  from: Pick<Value, 'kernels'> & Carrying<K>,
): Value;
export function makeValue(
  op: OpName,
  inputs: readonly Value[],
  attrs: AttrsOf<OpName>,
  shape: Shape,
  dtype: Dtype = 'f32',
  { kernels }: Pick<Value, 'kernels'> = {},
): Value {
  const made = { op, inputs, attrs, shape, dtype, scope: currentScope };
  return withId(kernels ? { ...made, kernels } : made);
}

/** A new value like `value` but for `changes`: of its op, in its scope, with its kernels. */
export const remadeValue = <V extends Value>(
  value: V,
  changes: Partial<Pick<V, 'inputs' | 'attrs' | 'shape' | 'dtype' | 'scope'>>,
): Value => withId({ ...value, ...changes });

function withId(made: Omit<Value, 'id'>): Value {
  // Final check: a shape that the checks of an op missed must not get into a plan.
  requireShape(made.op, made.shape);
  return { ...made, shape: [...made.shape], id: nextId++ };
}

/** A value from any operand of `op`; numbers become scalars. @throws DtypeError for anything else. */
export function asValue(operand: Operand, op: string): Value {
  if (typeof operand === 'number') return constant([operand], []);
  if (isValue(operand)) return operand;
  if (typeof operand === 'object' && operand !== null && isValue(operand.value)) return operand.value;
  throw new DtypeError(`${op}: expects values, tensors or numbers, got ${gotText(operand)}`);
}

/** Whether `value` is of one of these ops; narrows its attributes. */
export const isOp = <K extends OpName>(value: Value, ...ops: readonly K[]): value is ValueOf<K> =>
  (ops as readonly OpName[]).includes(value.op);

export const isValue = (thing: unknown): thing is Value =>
  typeof thing === 'object' && thing !== null && 'op' in thing && 'inputs' in thing;

/** A value whose data is known when the graph is made. Row-major `data` of `shape`, rounded to float32 where `dtype` is f32. */
export function constant(
  data: ArrayLike<number>,
  shape: Shape,
  dtype: Dtype = 'f32',
  ...extra: never[]
): Value {
  refuseExtra('constant', extra);
  requireDtype('constant', dtype, WHOLE_WORDS);
  requireFilled('constant', data, shape);
  requireWhole('constant', data, dtype);
  return makeValue('constant', [], { data: Array.from(data) }, shape, dtype);
}

/** @throws DtypeError unless `dtype` is one of `allowed`. */
export function requireDtype(op: string, dtype: Dtype, allowed: readonly Dtype[] = DTYPES): void {
  if (allowed.includes(dtype)) return;
  const last = allowed.at(-1);
  throw new DtypeError(
    `${op}: dtype expects ${allowed.slice(0, -1).join(', ')} or ${last}, got ${gotText(dtype)}`,
  );
}

/** The least and the largest number of each integer type. */
export const INTEGER_RANGE = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

/** @throws DtypeError for a number out of range of an integer type: it would wrap around. */
function requireWhole(where: string, data: ArrayLike<number>, dtype: Dtype): void {
  if (dtype === 'f32' || dtype === 'f16') return;
  const [least, most] = INTEGER_RANGE[dtype];
  const at = Array.prototype.findIndex.call(data, (each) => !(each >= least && each <= most));
  if (at < 0) return;
  throw new DtypeError(
    `${where}: data of ${dtype} expects numbers from ${least} to ${most}, got ${gotText(data[at])} at ${at}`,
  );
}

/** A value supplied anew at every run. */
export function input(name: string, shape: Shape, dtype: Dtype = 'f32', ...extra: never[]): Value {
  refuseExtra('input', extra);
  if (typeof name !== 'string') throw new DtypeError(`input: name expects a text, got ${gotText(name)}`);
  requireShape(`input ${name}`, shape);
  requireDtype(`input ${name}`, dtype);
  return makeValue('input', [], { name }, shape, dtype);
}

/** A value that persists between runs in a device buffer of its own and that effects may update in place. */
export const state = (name: string, shape: Shape, dtype: Dtype = 'f32'): Value =>
  makeValue('state', [], { name }, shape, dtype);

/** Name of an input or a state. @throws DtypeError for another value. */
export function nameOf(value: Value): string {
  if (isOp(value, 'input', 'state')) return value.attrs.name;
  throw new DtypeError(`expects an input or a state, got the result of ${value.op}`);
}

/** The number of a one-element constant, or undefined. */
export function scalarConstant(value: Value): number | undefined {
  return isOp(value, 'constant') && product(value.shape) === 1 ? value.attrs.data[0] : undefined;
}

/** The numbers of a constant, reshaped or not; undefined for values that only the device knows. */
export function knownData(value: Value): readonly number[] | undefined {
  if (value.op === 'reshape') return knownData(value.inputs[0]!);
  return isOp(value, 'constant') ? value.attrs.data : undefined;
}

/** All values that `roots` reach, inputs before users. */
export function topological(roots: readonly Value[]): Value[] {
  const seen = new Set<Value>();
  const stack = [...roots];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (seen.has(value)) continue;
    seen.add(value);
    stack.push(...value.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
