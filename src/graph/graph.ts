import { OPS } from './ops/index.ts';
import { remadeValue, topological, type Value } from './value.ts';

/** What a plan must compute: named results, then in-place updates of state, in this order. */
export interface Graph {
  readonly outputs: ReadonlyMap<string, Value>;
  /** Values of ops that update state; they run after every other value. */
  readonly effects: readonly Value[];
}

export const rootsOf = (graph: Graph): Value[] => [...graph.outputs.values(), ...graph.effects];

export const valuesOf = (graph: Graph): Value[] => topological(rootsOf(graph));

/** How many users each value has; being an output counts as one. */
export function useCounts(graph: Graph): Map<Value, number> {
  const counts = new Map<Value, number>();
  const count = (value: Value): void => void counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const value of valuesOf(graph)) value.inputs.forEach(count);
  rootsOf(graph).forEach(count);
  return counts;
}

/** The users of each value, in order. */
export function usersOf(graph: Graph): Map<Value, Value[]> {
  const users = new Map<Value, Value[]>();
  for (const value of valuesOf(graph)) {
    for (const operand of new Set(value.inputs)) {
      const list = users.get(operand);
      if (list) list.push(value);
      else users.set(operand, [value]);
    }
  }
  return users;
}

/**
 * A copy of `value` with other inputs. Leaves are returned as they are; everything else gets a new, larger id, so the order
 * by id stays topological.
 */
export function remake<V extends Value>(
  value: V,
  inputs: readonly Value[],
  attrs: V['attrs'] = value.attrs,
): Value {
  if (OPS[value.op].leaf) return value;
  return remadeValue(value, { inputs, attrs });
}

/**
 * Replaces each value by what `visit` returns for it. `visit` gets the old value and its new inputs and returns a value
 * of the same shape; values are visited inputs first.
 */
export function rewrite(graph: Graph, visit: (value: Value, inputs: readonly Value[]) => Value): Graph {
  const made = new Map<Value, Value>();
  for (const value of valuesOf(graph)) {
    made.set(
      value,
      visit(
        value,
        value.inputs.map((operand) => made.get(operand)!),
      ),
    );
  }
  return {
    outputs: new Map([...graph.outputs].map(([name, value]) => [name, made.get(value)!])),
    effects: graph.effects.map((value) => made.get(value)!),
  };
}
