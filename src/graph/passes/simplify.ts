import { shapesEqual } from '../../shape.ts';
import { type Graph, remake, rewrite } from '../graph.ts';
import { has, OPS } from '../ops/index.ts';
import { scale } from '../ops/pointwise.ts';
import { inScopeOf, remadeValue, scalarConstant, type Value, type ValueOf } from '../value.ts';

/**
 * Removes what exists for differentiation only, arithmetic that changes nothing, views of views, and repeated
 * subexpressions. Dead values need no removal: a graph is whatever its outputs reach.
 */
export function simplify(graph: Graph): Graph {
  const known = new Map<string, Value>();
  return rewrite(graph, (value, inputs) => {
    if (OPS[value.op].identity) return inputs[0]!;
    const shorter = inScopeOf(value, () => withoutNoOps(value, inputs));
    if (shorter) return shorter;
    const made = remake(value, inputs);
    if (OPS[value.op].leaf && value.op !== 'constant') return made;
    if (OPS[value.op].updates) return made;
    const key = keyOf(made);
    const twin = known.get(key);
    if (twin) return twin;
    known.set(key, made);
    return made;
  });
}

/** Equal keys compute equal values. */
function keyOf(value: Value): string {
  const inputs = value.inputs.map((operand) => operand.id).join(',');
  return `${value.op}|${inputs}|${value.shape}|${value.dtype}|${JSON.stringify(value.attrs, numberText)}`;
}

/** JSON writes NaN and infinities as null, and -0 as 0. */
function numberText(_: string, part: unknown): unknown {
  const lost = typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0));
  return lost ? `${Object.is(part, -0) ? '-0' : part}` : part;
}

/** A value equal to `value` that computes less, if a rule applies. */
function withoutNoOps(value: Value, inputs: readonly Value[]): Value | undefined {
  const [x] = inputs;
  if (x && value.op === 'reshape') {
    if (shapesEqual(x.shape, value.shape)) return x;
    if (x.op === 'reshape') {
      return withoutNoOps(value, x.inputs) ?? remadeValue(value, { inputs: x.inputs });
    }
  }
  return has(value, 'pointwise') ? neutral(value, inputs) : undefined;
}

/** x + 0, x * 1 and their like; constants that multiply become literals. */
function neutral(value: ValueOf<'pointwise'>, inputs: readonly Value[]): Value | undefined {
  const [step, ...more] = value.attrs.program.steps;
  if (!step || more.length > 0) return undefined;
  const { fn, params } = step;
  const [a, b] = inputs;
  const keeps = (operand: Value | undefined): operand is Value =>
    operand !== undefined && shapesEqual(operand.shape, value.shape) && operand.dtype === value.dtype;
  if (fn === 'identity' && keeps(a)) return a;
  if (fn === 'scale' && params[0] === 1 && keeps(a)) return a;
  if (fn === 'shift' && params[0] === 0 && keeps(a)) return a;
  if (a && b) {
    const left = scalarConstant(a);
    const right = scalarConstant(b);
    if (fn === 'add' && left === 0 && keeps(b)) return b;
    if ((fn === 'add' || fn === 'sub') && right === 0 && keeps(a)) return a;
    if (fn === 'mul' && left !== undefined && keeps(b)) return left === 1 ? b : scale(b, left);
    if ((fn === 'mul' || fn === 'div') && right === 1 && keeps(a)) return a;
    if (fn === 'mul' && right !== undefined && keeps(a)) return scale(a, right);
  }
  return undefined;
}
