import { everyRun } from '../../src/bench/planCase.ts';
import type { Plan, PlannedDispatch } from '../../src/graph/plan.ts';

/** The plan with only those of its dispatches; what it does ahead of every run stays. */
export const planPart = (plan: Plan, label: string, dispatches: readonly PlannedDispatch[]): Plan => ({
  ...plan,
  label,
  dispatches: [...plan.dispatches.slice(0, plan.prelude), ...dispatches],
});

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

const keyOf = ({ kernel: { wgsl, grid, sizes, bindings } }: PlannedDispatch): string =>
  JSON.stringify([wgsl, grid, sizes, bindings.map(({ length }) => length)]);
