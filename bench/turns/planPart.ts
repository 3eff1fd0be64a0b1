import { everyRun } from '../../src/bench/planCase.ts';
import type { Plan, PlannedDispatch } from '../../src/plan/plan.ts';
import { texturesOf } from '../../src/plan/textures.ts';

/** The plan with only those of its dispatches; what it does ahead of every run stays. */
export function planPart(plan: Plan, label: string, dispatches: readonly PlannedDispatch[]): Plan {
  const all = [...plan.dispatches.slice(0, plan.prelude), ...dispatches];
  return { ...plan, label, dispatches: all, textures: texturesOf(all, plan.prelude) };
}

/** Which dispatches of each plan's runs the other has not: equal text, grid, sizes and shapes are the same work. */
export function planDifference(a: Plan, b: Plan): { onlyA: PlannedDispatch[]; onlyB: PlannedDispatch[] } {
  return { onlyA: without(a, b), onlyB: without(b, a) };
}

function without(plan: Plan, other: Plan): PlannedDispatch[] {
  const left = new Map<string, number>();
  const change = (dispatch: PlannedDispatch, by: number): number => {
    const key = keyOf(dispatch);
    const count = (left.get(key) ?? 0) + by;
    left.set(key, count);
    return count;
  };
  for (const dispatch of everyRun(other)) change(dispatch, 1);
  return everyRun(plan).filter((dispatch) => change(dispatch, -1) < 0);
}

/** An operand that shares an arena with a result is declared writable; the work is the same. */
const keyOf = ({ kernel: { wgsl, grid, sizes, bindings } }: PlannedDispatch): string => {
  const text = wgsl.replaceAll('<storage, read_write>', '<storage, read>');
  return JSON.stringify([text, grid, sizes, bindings.map(({ length }) => length)]);
};
