import { buildPlan, productsOf } from '../../src/graph/buildPlan.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { EPILOGUE_KINDS } from '../../src/kernels/gemm/choices.ts';
import { compilePlan } from '../../src/runtime/executable.ts';
import type { NumberArray } from '../../src/runtime/state.ts';
import type { Session } from '../../src/train/session.ts';
import { alternate } from './alternate.ts';
import { replaysOf } from '../../src/bench/planCase.ts';

/**
 * How much longer a product takes as the rule has it than as it was tuned, both by turns; 0 where the rule has the same.
 * A case has no epilogue: where only networks' products with one were tuned, their choice is taken. Empty where nothing of
 * the kind was tuned.
 */
export async function ruleRegret(
  { gpu, state, tuned }: Session,
  graph: Graph,
  inputs: Readonly<Record<string, NumberArray>>,
): Promise<{ regret?: number }> {
  if (!tuned) return {};
  const known = productsOf(graph, gpu.facts)
    .flatMap(({ key }) => EPILOGUE_KINDS.map((kind) => `${key}${kind}`))
    .find(tuned.known);
  if (known === undefined) return {};
  const choice = tuned.choose(known);
  if (!choice) return { regret: 0 };
  const compile = (label: string, choose: () => typeof choice | undefined) =>
    compilePlan(gpu, buildPlan(graph, gpu.facts, { label, tuned: choose }), state);
  const [ours, theirs] = [await compile('tuned', () => choice), await compile('rule', () => undefined)];
  try {
    for (const executable of [ours, theirs]) executable.run(inputs);
    const { ratio } = await alternate(replaysOf(gpu, ours), replaysOf(gpu, theirs));
    return { regret: ratio - 1 };
  } finally {
    ours.destroy();
    theirs.destroy();
  }
}
