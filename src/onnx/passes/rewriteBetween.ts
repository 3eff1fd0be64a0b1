import { remake } from '../../graph/graph.ts';
import { inScopeOf, type Value } from '../../graph/value.ts';

/** Values that `roots` reach without passing one that is given, inputs before users. */
function valuesBetween(roots: readonly Value[], given: ReadonlySet<Value>): Value[] {
  const seen = new Set<Value>();
  const stack = [...roots];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (seen.has(value) || given.has(value)) continue;
    seen.add(value);
    stack.push(...value.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** How often each value between is read; being a root counts as once. */
export function usesBetween(roots: readonly Value[], given: ReadonlySet<Value>): Map<Value, number> {
  const counts = new Map<Value, number>();
  const count = (value: Value): void => void counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const value of valuesBetween(roots, given)) value.inputs.forEach(count);
  roots.forEach(count);
  return counts;
}

/** What an earlier value has become. */
export type StandIn = (value: Value) => Value;

/** What stands for a value, given what stands for its inputs; undefined: the value itself over these. */
export type Visit = (value: Value, inputs: readonly Value[], standIn: StandIn) => Value | undefined;

/**
 * Replaces values between `given` and `roots`, inputs first. What is given stays itself, so that whoever called a model with
 * values of his own still differentiates by them.
 */
export function rewriteBetween(roots: readonly Value[], given: ReadonlySet<Value>, visit: Visit): Value[] {
  const made = new Map<Value, Value>();
  const standIn: StandIn = (value) => made.get(value) ?? value;
  for (const value of valuesBetween(roots, given)) {
    const inputs = value.inputs.map(standIn);
    const found = inScopeOf(value, () => visit(value, inputs, standIn));
    made.set(value, found ?? over(value, inputs));
  }
  return roots.map(standIn);
}

const over = (value: Value, inputs: readonly Value[]): Value =>
  inputs.every((input, i) => input === value.inputs[i]) ? value : remake(value, inputs);
