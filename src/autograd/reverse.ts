import { requireFunction, requireList } from '../arguments.ts';
import { DtypeError, gotText, ShapeError, WgadError } from '../errors.ts';
import { type DifferentiableOp, OPS } from '../graph/ops/index.ts';
import { reshape } from '../graph/ops/movement.ts';
import { add } from '../graph/ops/pointwise.ts';
import { sum } from '../graph/ops/reduce.ts';
import type { AttrsOf } from '../graph/value.ts';
import { constant, inScopeOf, isOp, isValue, topological, type Value, type ValueOf } from '../graph/value.ts';
import { refuseExtra } from '../options.ts';
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
  return wrt.map((value) => {
    const cotangent = cotangents.get(value);
    if (cotangent) return cotangent;
    throw new WgadError(
      'E_CONFIG',
      `grad: the loss does not depend on ${value.scope || value.op} ${shapeText(value.shape)}`,
      { fix: 'leave it out of the values to differentiate' },
    );
  });
}

/**
 * `fn` with its gradient: returns the loss and dL/dparams, in the shape of `params`.
 * @throws DtypeError where `params` is not an object of values by name.
 */
export function valueAndGrad<R extends readonly Value[]>(
  fn: (params: Readonly<Record<string, Value>>, ...rest: R) => Value,
): (params: Readonly<Record<string, Value>>, ...rest: R) => { loss: Value; grads: Record<string, Value> };
/**
 * `fn` with its gradient: returns the loss and dL/dparams, in the shape of `params`.
 * @throws DtypeError where `params` is not an object of values by name.
 */
export function valueAndGrad<P extends Readonly<Record<keyof P, Value>>, R extends readonly unknown[]>(
  fn: (params: P, ...rest: R) => Value,
): (params: P, ...rest: R) => { loss: Value; grads: { -readonly [K in keyof P]: Value } };
/**
 * `fn` with its gradient: returns the loss and dL/dparams, in the shape of `params`.
 * @throws DtypeError where `params` is not an object of values by name.
 */
export function valueAndGrad<P extends Readonly<Record<keyof P, Value>>, R extends readonly unknown[]>(
  fn: (params: P, ...rest: R) => Value,
  ...extra: never[]
): (params: P, ...rest: R) => { loss: Value; grads: { -readonly [K in keyof P]: Value } } {
  refuseExtra('valueAndGrad', extra);
  requireFunction('valueAndGrad', 'fn', fn);
  const differentiated = (params: P, ...rest: R): { loss: Value; grads: { [K in keyof P]: Value } } => {
    if (typeof params !== 'object' || params === null || isValue(params)) {
      throw new DtypeError(
        `valueAndGrad: params expects an object of values by name, got ${isValue(params) ? 'one value' : gotText(params)}; write ({ w }, x) => ...`,
      );
    }
    const loss = fn(params, ...rest);
    const names = Object.keys(params) as (keyof P)[];
    const values = grad(
      loss,
      names.map((name) => params[name]!),
    );
    const grads = Object.fromEntries(names.map((name, i) => [name, values[i]!])) as {
      -readonly [K in keyof P]: Value;
    };
    return { loss, grads };
  };
  // A compiled function reads `length` to find arguments that `fn` does not take.
  return Object.defineProperty(differentiated, 'length', { value: fn.length });
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

const apply = <K extends DifferentiableOp>(op: K, context: VjpContext<AttrsOf<K>>): Formulas =>
  vjps[op](context);

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
