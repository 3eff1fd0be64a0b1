import { product } from '../../shape.ts';
import { type Graph, rewrite, rootsOf, usersOf, valuesOf } from '../graph.ts';
import { OPS } from '../ops/index.ts';
import { cast } from '../ops/pointwise.ts';
import { remadeValue, type Value } from '../value.ts';

/**
 * Stores a network's activations as f16: those that lead, through pointwise functions, pools and copies, to an op that
 * sums over enough of them for their rounding to average out (products, cosine distances, batch norms' moments), and what is
 * cast to f16. Arithmetic stays f32. Inputs, values computed from weights alone (batch norms' scale and shift), statistics
 * (reductions), what is broadcast, gradients of weights, results, and `exact` with everything computed from it are stored as f32.
 *
 * Runs before the other passes: values that fusion then keeps in registers are never rounded.
 */
export function storeHalf(graph: Graph, exact: readonly Value[]): Graph {
  const half = halves(graph, new Set(exact));
  const results = new Set(rootsOf(graph).filter(({ dtype }) => dtype !== 'f16'));
  return rewrite(graph, (value, inputs) => {
    const { leaf, view, identity, storesHalf, averagesHalf, readsHalf } = OPS[value.op];
    if (leaf) return value;
    // A type of storage says nothing about arithmetic: users read either.
    if (value.op === 'cast' && inputs[0]!.dtype === 'f16' && isFloat(value) && !results.has(value)) {
      return inputs[0]!;
    }
    if (view || identity) return remadeValue(value, { inputs, dtype: inputs[0]!.dtype });
    const operands = storesHalf || averagesHalf || readsHalf ? inputs : inputs.map(inFull);
    const dtype = half.has(value) ? 'f16' : value.dtype;
    return remadeValue(value, { inputs: operands, dtype });
  });
}

const isFloat = ({ dtype }: Value): boolean => dtype === 'f32' || dtype === 'f16';

/** For ops whose kernels read only f32. */
const inFull = (value: Value): Value => (value.dtype === 'f16' ? cast(value, 'f32') : value);

function halves(graph: Graph, exact: ReadonlySet<Value>): ReadonlySet<Value> {
  const all = valuesOf(graph);
  const computed = new Set<Value>();
  const after = new Set<Value>();
  for (const value of all) {
    if (value.op === 'input' || value.inputs.some((operand) => computed.has(operand))) computed.add(value);
    if (exact.has(value) || value.inputs.some((operand) => after.has(operand))) after.add(value);
  }
  const results = new Set(rootsOf(graph).map(memoryOf));
  const stays = (value: Value): boolean => after.has(value) || results.has(value);
  const users = usersOf(graph);
  const half = new Set<Value>();
  for (const value of all.reverse()) {
    const { storesHalf, view, identity } = OPS[value.op];
    if (!(storesHalf || view || identity) || value.dtype !== 'f32') continue;
    if (!computed.has(value) || stays(value)) continue;
    const asked = users
      .get(value)
      ?.some(
        (user) =>
          (half.has(user) && !broadcasts(value, user)) || user.dtype === 'f16' || OPS[user.op].averagesHalf,
      );
    if (asked) half.add(value);
  }
  return half;
}

/** Of a number that meets many others, the rounding does not average out. */
const broadcasts = (value: Value, { op, shape }: Value): boolean =>
  op === 'pointwise' && product(value.shape) < product(shape);

/** The value that computes what a view shows. */
const memoryOf = (value: Value): Value => {
  const { view, identity } = OPS[value.op];
  return view || identity ? memoryOf(value.inputs[0]!) : value;
};
