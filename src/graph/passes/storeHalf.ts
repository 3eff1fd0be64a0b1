import { type Graph, rewrite, rootsOf, usersOf, valuesOf } from '../graph.ts';
import { OPS } from '../ops/index.ts';
import { cast } from '../ops/pointwise.ts';
import { makeValue, type Value } from '../value.ts';

/**
 * Stores a network's activations as f16: every value that a run computes on its way to an op which sums over so many
 * of them that their rounding averages out (products, cosine distances), through pointwise functions, pools and
 * copies. Arithmetic stays f32. What stays f32 in memory too: inputs, what follows from weights alone (batch norms'
 * scale and shift), statistics (reductions), results, and `exact` with all that is computed from them.
 *
 * On the graph as it is written, before any pass: fusion then keeps what is never stored in registers, unrounded.
 */
export function storeHalf(graph: Graph, exact: readonly Value[]): Graph {
  const half = halves(graph, new Set(exact));
  return rewrite(graph, (value, inputs) => {
    const { leaf, view, identity, storesHalf, averagesHalf, readsHalf } = OPS[value.op];
    if (leaf) return value;
    if (view || identity)
      return makeValue(value.op, inputs, value.attrs, value.shape, inputs[0]!.dtype, value.scope);
    const operands = storesHalf || averagesHalf || readsHalf ? inputs : inputs.map(inFull);
    const dtype = half.has(value) ? 'f16' : value.dtype;
    return makeValue(value.op, operands, value.attrs, value.shape, dtype, value.scope);
  });
}

/** For ops whose kernels read f32 alone. */
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
    const asked = users.get(value)?.some((user) => half.has(user) || OPS[user.op].averagesHalf);
    if (asked) half.add(value);
  }
  return half;
}

/** The value that computes what a view shows. */
const memoryOf = (value: Value): Value => {
  const { view, identity } = OPS[value.op];
  return view || identity ? memoryOf(value.inputs[0]!) : value;
};
