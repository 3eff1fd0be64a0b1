import { type Graph, useCounts } from '../graph/graph.ts';
import type { Value } from '../graph/value.ts';
import type { Lowered, LoweredStep, OperandRef } from '../kernels/lowering.ts';
import type { Storage } from './storage.ts';

/**
 * Where a value is read by one step alone, which puts its elements into another order, and what computes it can store
 * them in that order: then it does, and the step is dropped. `lowered` has each value's dispatches, and is changed.
 */
export function storePacked(graph: Graph, { locate }: Storage, lowered: Map<Value, Lowered>): void {
  const uses = useCounts(graph);
  /** The only one that writes the value, or undefined where it must lie as it is. */
  const writerOf = (value: Value): LoweredStep | undefined => {
    const alone = uses.get(value) === 1 && locate(value).root === value;
    const steps = alone
      ? lowered.get(value)?.steps.filter(({ operands }) => operands.some(isResult))
      : undefined;
    return steps?.length === 1 ? steps[0] : undefined;
  };
  for (const value of lowered.keys()) {
    const { steps, scratch } = lowered.get(value)!;
    const pack = steps.find(({ packs }) => packs);
    const [input, packed] = pack?.operands ?? [];
    if (!pack?.packs || typeof input !== 'number') continue;
    if (steps.some((step) => step !== pack && step.operands.includes(input))) continue;
    const operand = value.inputs[input]!;
    const writer = writerOf(operand);
    if (!writer?.inBlocks) continue;
    const kernel = writer.inBlocks(pack.packs);
    const before = lowered.get(operand)!;
    lowered.set(operand, {
      ...before,
      steps: before.steps.map((step) => (step === writer ? { ...step, kernel } : step)),
    });
    lowered.set(value, {
      scratch,
      steps: steps
        .filter((step) => step !== pack)
        .map((step) => ({
          ...step,
          operands: step.operands.map((ref) => (same(ref, packed!) ? input : ref)),
        })),
    });
  }
}

const isResult = (ref: OperandRef): boolean => ref === 'out' || (typeof ref === 'object' && 'out' in ref);

const same = (a: OperandRef, b: OperandRef): boolean =>
  typeof a === 'object' &&
  typeof b === 'object' &&
  'scratch' in a &&
  'scratch' in b &&
  a.scratch === b.scratch;
