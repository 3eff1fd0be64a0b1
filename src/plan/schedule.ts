import { type Graph, valuesOf } from '../graph/graph.ts';
import { OPS } from '../graph/ops/index.ts';
import type { Value } from '../graph/value.ts';
import type { TunedChoices } from '../kernels/gemm/choices.ts';
import type { DeviceFacts, Kernel } from '../kernels/kernel.ts';
import type { Lowered, OperandRef } from '../kernels/lowering.ts';
import { lower, lowerCopy } from './lower.ts';
import { type RunConstants, runConstants } from './runConstants.ts';
import { bytesOf, type Storage } from './storage.ts';
import { storePacked } from './storePacked.ts';
import { verifyElements } from './verify.ts';

/** Memory that lives for the dispatches of one value only. */
export interface Scratch {
  readonly scratchBytes: number;
}

/** Part of the memory of a value or a scratch array, from `offset` (bytes) on. */
export interface Part {
  readonly root: Value | Scratch;
  readonly offset: number;
}

/** A dispatch before memory is planned. */
export interface Scheduled {
  readonly kernel: Kernel;
  readonly scope: string;
  /** One per binding of the kernel. */
  readonly operands: readonly Part[];
}

/** Every dispatch in the order in which it runs. */
export interface Schedule {
  readonly dispatches: readonly Scheduled[];
  /** Number of leading dispatches that compute run constants. */
  readonly prelude: number;
}

export function scheduleOf(
  graph: Graph,
  storage: Storage,
  device: DeviceFacts,
  tuned: TunedChoices | undefined,
): Schedule {
  const { locate, copies } = storage;
  const constants = constantsOf(graph, storage, device);
  const prelude: Scheduled[] = [];
  const rest: Scheduled[] = [];
  const add = (
    { steps, scratch }: Lowered,
    { inputs, scope }: Pick<Value, 'inputs' | 'scope'>,
    out: Located,
  ): void => {
    const arrays = scratch.map((words): Scratch => ({ scratchBytes: words * 4 }));
    const constantArrays = new Set<number>();
    const partOf = (ref: OperandRef): Part => {
      if (ref === 'out') return out;
      if (typeof ref === 'number') return locate(inputs[ref]!);
      if ('out' in ref) return { root: out.root, offset: out.offset + 4 * ref.out };
      if ('scratch' in ref) return { root: arrays[ref.scratch]!, offset: 0 };
      const { root, offset } = locate(inputs[ref.input]!);
      return { root, offset: offset + 4 * ref.from };
    };
    for (const { kernel, operands } of steps) {
      verifyElements(kernel, operands, inputs, out.root);
      // A step that reads only weights (and packs them) also runs ahead.
      const constant = operands.every((ref, i) => {
        if (typeof ref === 'number') return constants.isConstant(inputs[ref]!);
        if (ref === 'out' || 'out' in ref) return constants.hoisted.has(out.root);
        if ('input' in ref) return constants.isConstant(inputs[ref.input]!);
        return kernel.bindings[i]!.access !== 'read' || constantArrays.has(ref.scratch);
      });
      for (const ref of constant ? operands : []) {
        if (typeof ref === 'object' && 'scratch' in ref) constantArrays.add(ref.scratch);
      }
      (constant ? prelude : rest).push({ kernel, scope, operands: operands.map(partOf) });
    }
  };
  const lowered = new Map<Value, Lowered>();
  const order = inOrder(graph, constants);
  for (const value of order) {
    const { leaf, view, placesInputs } = OPS[value.op];
    if (leaf || view || placesInputs || bytesOf(value) === 0) continue;
    lowered.set(value, lower(value, device, constants.isConstant, tuned));
  }
  storePacked(graph, storage, lowered);
  for (const value of order) {
    for (const { from, offset } of copies.filter((copy) => copy.to === value)) {
      add(lowerCopy(from), { inputs: [from], scope: from.scope }, { root: value, offset });
    }
    const steps = lowered.get(value);
    if (steps) add(steps, value, locate(value));
  }
  return { dispatches: [...prelude, ...rest], prelude: prelude.length };
}

type Located = ReturnType<Storage['locate']>;

/**
 * Values that are the same at every run. Values inside a pack are excluded: they share its memory with values that
 * change.
 */
export const constantsOf = (graph: Graph, { locate }: Storage, device: DeviceFacts): RunConstants =>
  runConstants(graph, device, (value) => !OPS[locate(value).root.op].placesInputs);

/** Values in the order in which they are computed: the hoisted ones first, effects last. */
function inOrder(graph: Graph, { hoisted }: RunConstants): Value[] {
  const effects = new Set(graph.effects);
  const values = valuesOf(graph).filter((value) => !effects.has(value));
  const rest = values.filter((value) => !hoisted.has(value));
  return [...values.filter((value) => hoisted.has(value)), ...rest, ...graph.effects];
}
