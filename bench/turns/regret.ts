import { alternate } from '../../src/bench/alternate.ts';
import type { KernelCase } from '../../src/bench/cases.ts';
import { type PreparedCase, prepareCase } from '../../src/bench/kernels.ts';
import type { Pace } from '../../src/bench/planCase.ts';
import { planRecord, replaysOf, sampleReplays } from '../../src/bench/planCase.ts';
import type { BenchRecord } from '../../src/bench/record.ts';
import { ConfigError } from '../../src/errors.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { EPILOGUE_KINDS } from '../../src/kernels/gemm/choices.ts';
import { buildPlan, productsOf } from '../../src/plan/buildPlan.ts';
import { compilePlan } from '../../src/runtime/executable.ts';
import type { Session } from '../../src/runtime/session.ts';

/** A product as it was tuned. */
export interface RegretRecord extends BenchRecord {
  /** How much longer the rule's kernel takes, 0.1 being a tenth; 0 where tuning found none better. */
  readonly regret: number;
}

export interface RegretOptions {
  readonly pace: Pace;
  readonly onCase: (done: number, of: number) => void;
}

/**
 * The products that `wgad tune` has measured on this adapter, each as it was tuned and as the rule has it, by turns.
 * @throws ConfigError where none of the cases was tuned.
 */
export async function benchRegret(
  session: Session,
  cases: readonly KernelCase[],
  { pace, onCase }: RegretOptions,
): Promise<RegretRecord[]> {
  const tuned = cases.filter(({ build }) => tunedKey(session, build().graph) !== undefined);
  if (tuned.length === 0) {
    throw new ConfigError(`none of ${cases.length} cases has been tuned on this adapter`, {
      fix: 'run `wgad tune` for the same model, size and batch first, and do not give --no-tuning',
    });
  }
  const records: RegretRecord[] = [];
  for (const { name, shape, ...each } of tuned) {
    const prepared = await prepareCase(session, { name, shape, ...each });
    try {
      records.push(await measured(session, { suite: 'kernels', name, shape }, prepared, pace));
    } finally {
      prepared.destroy();
    }
    onCase(records.length, tuned.length);
  }
  return records;
}

/**
 * The key under which the graph's product was tuned. A case has no epilogue: where only networks' products with one were
 * tuned, their choice is taken.
 */
const tunedKey = ({ gpu, tuned }: Session, graph: Graph): string | undefined =>
  tuned &&
  productsOf(graph, gpu.facts)
    .flatMap(({ key }) => EPILOGUE_KINDS.map((kind) => `${key}${kind}`))
    .find(tuned.known);

async function measured(
  session: Session,
  name: { suite: string; name: string; shape: string },
  { graph, inputs, executable }: PreparedCase,
  pace: Pace,
): Promise<RegretRecord> {
  const { gpu, state } = session;
  const choice = session.tuned!.choose(tunedKey(session, graph)!);
  if (!choice) {
    const timing = await sampleReplays(session, executable);
    return { ...planRecord(session, name, executable, timing, pace), regret: 0 };
  }
  const compile = (label: string, choose: () => typeof choice | undefined) =>
    compilePlan(gpu, buildPlan(graph, gpu.facts, { label, tuned: choose }), state);
  const [tuned, rule] = [await compile('tuned', () => choice), await compile('rule', () => undefined)];
  try {
    for (const each of [tuned, rule]) each.run(inputs);
    const { ours, ratio } = await alternate(replaysOf(gpu, tuned), replaysOf(gpu, rule));
    return { ...planRecord(session, name, tuned, ours, pace), regret: ratio - 1 };
  } finally {
    tuned.destroy();
    rule.destroy();
  }
}

export const regretText = ({ regret }: RegretRecord): string => `${(100 * regret).toFixed(1)} %`;
