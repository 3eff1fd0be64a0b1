import { requireFlag, requireFunction, requireList } from '../arguments.ts';
import { DtypeError, gotText, ShapeError, WgadError } from '../errors.ts';
import { type DifferentiableOp, OPS } from '../graph/ops/index.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add, broadcastTo } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import { flattenTree, mapTree, type Tree } from '../graph/tree.ts';
import { constant, inScopeOf, isOp, isValue, topological, type Value, type ValueOf } from '../graph/value.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { product, type Shape, shapesEqual, shapeText } from '../shape.ts';
import { vjps } from './index.ts';
import type { Formulas, VjpContext } from './rule.ts';

/**
 * dL/dv for each `v` of `wrt`, as values of the same graph. `loss` has one element. Un-broadcasting and the
 * accumulation of several uses happen here, once, so that no rule repeats them.
 * @throws ShapeError where the loss is not a scalar; WgadError naming the path where a derivative is missing.
 */
export function grad(loss: Value, wrt: readonly Value[], ...extra: never[]): Value[] {
  refuseExtra('grad', extra);
  requireList('grad', 'wrt', wrt);
  for (const each of [loss, ...wrt]) {
    if (!isValue(each)) throw new DtypeError(`grad: expects values of the graph, got ${gotText(each)}`);
  }
  return gradients(loss, wrt, (value) => {
    throw new WgadError(
      'E_CONFIG',
      `grad: the loss does not depend on ${value.scope || value.op} ${shapeText(value.shape)}`,
      { fix: 'leave it out of the values to differentiate' },
    );
  });
}

/** @param missing what stands for the gradient of a value that the loss does not depend on. */
function gradients(loss: Value, wrt: readonly Value[], missing: (value: Value) => Value): Value[] {
  if (!isValue(loss)) throw new DtypeError(`grad: loss expects a value of the graph, got ${gotText(loss)}`);
  if (product(loss.shape) !== 1) {
    throw new ShapeError(`grad: loss expects one element, got ${shapeText(loss.shape)}`);
  }
  const needed = dependents(loss, wrt);
  const cotangents = new Map<Value, Value>([[loss, constant([1], loss.shape)]]);
  const order = topological([loss]).filter((value) => needed.has(value));
  for (const value of order.reverse()) {
    const cotangent = cotangents.get(value);
    if (!cotangent || OPS[value.op].leaf || wrt.includes(value)) continue;
    // Profiles and errors show a gradient under the layer of its value.
    inScopeOf(value, () =>
      pullBack(value, cotangent, needed, (operand, term) => {
        const summed = shapesEqual(term.shape, operand.shape) ? term : sumTo(term, operand.shape);
        const soFar = cotangents.get(operand);
        cotangents.set(operand, soFar ? add(soFar, summed) : summed);
      }),
    );
  }
  return wrt.map((value) => cotangents.get(value) ?? missing(value));
}

/** A gradient by each value of `P`, in its structure. */
export type Gradients<P> = P extends Value ? Value : { -readonly [K in keyof P]: Gradients<P[K]> };

/** Values, or arrays and objects of values. */
type Parameters<P> = P extends Value
  ? P
  : P extends (...args: never) => unknown
    ? never
    : P extends object
      ? { readonly [K in keyof P]: Parameters<P[K]> }
      : never;

/** A function of anything else does not compile, and the error says why. */
type Differentiable<P> = [P] extends [Parameters<P>]
  ? unknown
  : { 'params expect values, or arrays and objects of values': P };

/** What `valueAndGrad` does beside differentiating. */
export interface ValueAndGradOptions {
  /** `fn` returns `{ loss, aux }`, and so does its gradient: predictions, statistics. Default false. */
  aux?: boolean;
}

const VALUE_AND_GRAD: OptionNames<ValueAndGradOptions> = { aux: true };

/**
 * `fn` with its gradient: returns the loss and dL/dparams, in the structure of `params`. What the loss does not depend on has a
 * gradient of zeros.
 * @throws DtypeError where `params` is anything but floats, or arrays and objects of floats.
 */
export function valueAndGrad<R extends readonly Value[]>(
  fn: (params: Readonly<Record<string, Value>>, ...rest: R) => Value,
): (params: Readonly<Record<string, Value>>, ...rest: R) => { loss: Value; grads: Record<string, Value> };
/**
 * `fn`, which returns `{ loss, aux }`, with its gradient: `aux` is handed on as it is.
 * @throws DtypeError where `params` is anything but floats, or arrays and objects of floats.
 */
export function valueAndGrad<P, R extends readonly unknown[], A>(
  fn: ((params: P, ...rest: R) => { loss: Value; aux: A }) & Differentiable<P>,
  options: { aux: true },
): (params: P, ...rest: R) => { loss: Value; aux: A; grads: Gradients<P> };
/**
 * `fn` with its gradient: returns the loss and dL/dparams, in the structure of `params`. What the loss does not depend on has a
 * gradient of zeros.
 * @throws DtypeError where `params` is anything but floats, or arrays and objects of floats.
 */
export function valueAndGrad<P, R extends readonly unknown[]>(
  fn: ((params: P, ...rest: R) => Value) & Differentiable<P>,
  options?: ValueAndGradOptions,
): (params: P, ...rest: R) => { loss: Value; grads: Gradients<P> };
/** What all three overloads do. */
export function valueAndGrad<P, R extends readonly unknown[]>(
  fn: (params: P, ...rest: R) => Value | { loss: Value; aux: unknown },
  options: ValueAndGradOptions = {},
  ...extra: never[]
): (params: P, ...rest: R) => { loss: Value; aux?: unknown; grads: Gradients<P> } {
  refuseExtra('valueAndGrad', extra);
  requireFunction('valueAndGrad', 'fn', fn);
  requireOptions('valueAndGrad', options, VALUE_AND_GRAD);
  const { aux: hasAux = false } = options;
  requireFlag('valueAndGrad', 'aux', hasAux);
  const differentiated = (params: P, ...rest: R): { loss: Value; aux?: unknown; grads: Gradients<P> } => {
    const tree = params as Tree<Value>;
    const leaves = flattenTree<Value>(tree, isParameter);
    if (leaves.length === 0) throw new DtypeError('valueAndGrad: params expects values, got none');
    const returned = fn(params, ...rest);
    if (hasAux && (isValue(returned) || !('loss' in returned))) {
      throw new DtypeError(
        `valueAndGrad: with aux, fn expects to return { loss, aux }, got ${gotText(returned)}`,
      );
    }
    const { loss, aux } = isValue(returned) ? { loss: returned, aux: undefined } : returned;
    const values = gradients(
      loss,
      leaves.map(([, value]) => value),
      (value) => broadcastTo(0, value.shape),
    );
    const byPath = new Map(leaves.map(([path], i) => [path, values[i]!]));
    const grads = mapTree<Value, Value>(tree, isParameter, (_, path) => byPath.get(path)!) as Gradients<P>;
    return hasAux ? { loss, aux, grads } : { loss, grads };
  };
  // A compiled function reads `length` to find arguments that `fn` does not take.
  return Object.defineProperty(differentiated, 'length', { value: fn.length });
}

/** @throws DtypeError for anything but a float value, an array or an object. */
function isParameter(node: unknown): node is Value {
  if (isValue(node)) {
    if (node.dtype.startsWith('f')) return true;
    throw new DtypeError(`valueAndGrad: params expects floats, got ${node.dtype} ${shapeText(node.shape)}`);
  }
  if (typeof node === 'object' && node !== null && !('value' in node && isValue(node.value))) return false;
  throw new DtypeError(
    `valueAndGrad: params expects values, or arrays and objects of values, got ${gotText(node)}`,
  );
}

function pullBack(
  value: Value,
  cotangent: Value,
  needed: ReadonlySet<Value>,
  give: (operand: Value, term: Value) => void,
): void {
  if (value.op === 'stopGradient') return;
  if (isOp(value, 'custom')) {
    const terms = value.attrs.vjp(cotangent);
    const expected = value.inputs.length - 1;
    if (!Array.isArray(terms) || terms.length !== expected) {
      throw new ShapeError(
        `withVjp: vjp expects ${expected} formulas, one for each dependency, got ${Array.isArray(terms) ? terms.length : gotText(terms)}`,
        { where: value.scope },
      );
    }
    value.inputs.slice(1).forEach((operand, i) => {
      if (needed.has(operand)) give(operand, terms[i]!());
    });
    return;
  }
  if (!isDifferentiable(value)) {
    const reason = OPS[value.op].nonDifferentiable;
    // Reached only if a needed value lies behind this op.
    throw new WgadError('E_CONFIG', `grad: no derivative flows through ${value.op}: ${reason}`, {
      where: value.scope,
      fix: 'wrap it in stopGradient, or take the gradient of something else',
    });
  }
  const { inputs, attrs } = value;
  const terms = apply(value.op, { inputs, out: value, cotangent, attrs });
  inputs.forEach((operand, i) => {
    const term = terms[i];
    if (term && needed.has(operand)) give(operand, term());
  });
}

const apply = <K extends DifferentiableOp>(op: K, context: VjpContext<K>): Formulas => vjps[op](context);

const isDifferentiable = (value: Value): value is ValueOf<DifferentiableOp> => Object.hasOwn(vjps, value.op);

/** Sums `x` back to `shape`, which broadcasts to x's: the derivative of broadcasting. */
function sumTo(x: Value, shape: Shape): Value {
  const lead = x.shape.length - shape.length;
  const axes = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (shape[axis - lead] === 1 && x.shape[axis] !== 1));
  return reshape(axes.length === 0 ? x : sum(x, { axes, keepDims: true }), shape);
}

/** Values on a path from one of `wrt` to the loss along which derivatives flow. */
function dependents(loss: Value, wrt: readonly Value[]): Set<Value> {
  const found = new Set<Value>(wrt);
  for (const value of topological([loss])) {
    if (value.op === 'stopGradient') continue;
    const through = value.op === 'custom' ? value.inputs.slice(1) : value.inputs;
    if (through.some((operand) => found.has(operand))) found.add(value);
  }
  return found;
}
