import { type DeviceFacts, type Kernel, withSharing } from '../kernels/kernel.ts';
import type { OperandRef } from '../kernels/lowering.ts';
import { refuseExtra } from '../options.ts';
import { type Graph, valuesOf } from './graph.ts';
import { requireHalf } from './limits.ts';
import { OPS } from './ops/index.ts';
import { fuseElementwise } from './passes/fuseElementwise.ts';
import { fuseEpilogue } from './passes/fuseEpilogue.ts';
import { hoistState } from './passes/hoistState.ts';
import { lower, lowerCopy, type Product, productOf } from './passes/lower.ts';
import { type MemoryRequest, planMemory } from './passes/planMemory.ts';
import { simplify } from './passes/simplify.ts';
import { alignBytes, type Plan, type PlannedTensor, type Range, type Slot } from './plan.ts';
import { type PlanOptions, requirePlanned } from './planOptions.ts';
import { bytesOf, type Location, resolveStorage } from './storage.ts';
import { isOp, type Value, type ValueOf } from './value.ts';
import { verifyElements, verifyPlan } from './verify.ts';

/** The passes in order, then dispatches, then memory. */
export function buildPlan(
  graph: Graph,
  device: DeviceFacts,
  options: PlanOptions = {},
  ...extra: never[]
): Plan {
  refuseExtra('buildPlan', extra);
  requirePlanned(graph, device, options);
  return layOut(optimize(graph, device, options), device, options);
}

/** The graph as it will be lowered. */
export function optimize(graph: Graph, device: DeviceFacts, { fuse = true }: PlanOptions = {}): Graph {
  const simple = simplify(graph);
  if (!fuse) return simple;
  // One spare binding below the limit: some drivers count one for themselves.
  const maxBindings = Math.min(device.maxStorageBuffers, 10) - 1;
  const fused = fuseElementwise(simple, maxBindings - 1);
  return simplify(fuseEpilogue(fused, maxBindings));
}

/** A dispatch whose operands are still values and scratch requests. */
interface Pending {
  readonly kernel: Kernel;
  readonly scope: string;
  readonly operands: readonly (Location | PendingRequest)[];
}
/** A memory request while its lifetime is being found. */
interface PendingRequest {
  readonly bytes: number;
  first: number;
  last: number;
  readonly conflicts: Set<MemoryRequest>;
}

function layOut(graph: Graph, device: DeviceFacts, options: PlanOptions): Plan {
  if (valuesOf(graph).some(({ dtype }) => dtype === 'f16')) requireHalf(device, options.label ?? 'plan');
  const { locate, copies } = resolveStorage(graph);
  const { hoisted, still } = stillValues(graph, locate);
  const ahead: Pending[] = [];
  const pending: Pending[] = [];
  const emit = (
    steps: readonly { kernel: Kernel; operands: readonly OperandRef[] }[],
    scratch: readonly number[],
    inputs: readonly Value[],
    out: Location,
    scope: string,
  ): void => {
    const requests = scratch.map((words) => newRequest(words * 4));
    const stillScratch = new Set<number>();
    for (const { kernel, operands } of steps) {
      verifyElements(kernel, operands, inputs, out.root);
      // What a step makes of weights alone (packs them) is done ahead like the values that follow from them.
      const early = operands.every((ref, i) => {
        if (ref === 'out') return hoisted.has(out.root);
        if (typeof ref === 'number') return still(inputs[ref]!);
        if ('scratch' in ref) return kernel.bindings[i]!.access !== 'read' || stillScratch.has(ref.scratch);
        return still(inputs[ref.input]!);
      });
      operands.forEach((ref) => {
        if (early && typeof ref === 'object' && 'scratch' in ref) stillScratch.add(ref.scratch);
      });
      (early ? ahead : pending).push({
        kernel,
        scope,
        operands: operands.map((ref) => {
          if (ref === 'out') return out;
          if (typeof ref === 'number') return locate(inputs[ref]!);
          if ('scratch' in ref) return requests[ref.scratch]!;
          const { root, offset } = locate(inputs[ref.input]!);
          return { root, offset: offset + 4 * ref.from };
        }),
      });
    }
  };
  for (const value of schedule(graph, hoisted)) {
    for (const { from, offset } of copies.filter((copy) => copy.to === value)) {
      emit(lowerCopy(from).steps, [], [from], { root: value, offset }, from.scope);
    }
    const { leaf, view, placesInputs } = OPS[value.op];
    if (leaf || view || placesInputs || bytesOf(value) === 0) continue;
    const { steps, scratch } = lower(value, device, still, options.tuned);
    emit(steps, scratch, value.inputs, locate(value), value.scope);
  }
  return place(graph, locate, [...ahead, ...pending], ahead.length, options);
}

/** The values computed ahead, and which are the same at every run: those, state and constants. */
function stillValues(graph: Graph, locate: (value: Value) => Location) {
  // A value inside a pack shares its memory with values that are computed at every run.
  const hoisted = hoistState(graph, (value) => !OPS[locate(value).root.op].placesInputs);
  const still = (value: Value): boolean =>
    hoisted.has(value) || (graph.effects.length === 0 && (value.op === 'state' || value.op === 'constant'));
  return { hoisted, still };
}

/** The products that a plan of `graph` computes at every run: what can be tuned. */
export function productsOf(graph: Graph, device: DeviceFacts): Product[] {
  const optimized = optimize(graph, device);
  const { hoisted, still } = stillValues(optimized, resolveStorage(optimized).locate);
  return valuesOf(optimized).flatMap((value) => {
    const product = hoisted.has(value) ? undefined : productOf(value, still);
    return product ? [product] : [];
  });
}

/** Values in the order in which they are computed: the hoisted ones first, effects last. */
function schedule(graph: Graph, hoisted: ReadonlySet<Value>): Value[] {
  const effects = new Set(graph.effects);
  const all = valuesOf(graph).filter((value) => !effects.has(value));
  const first = all.filter((value) => hoisted.has(value));
  const rest = all.filter((value) => !hoisted.has(value));
  return [...first, ...rest, ...graph.effects];
}

const newRequest = (bytes: number): PendingRequest => ({
  bytes: alignBytes(bytes),
  first: Number.POSITIVE_INFINITY,
  last: -1,
  conflicts: new Set(),
});

function place(
  graph: Graph,
  locate: (value: Value) => Location,
  pending: readonly Pending[],
  prelude: number,
  { label = 'plan', maxBufferBytes }: PlanOptions,
): Plan {
  const slots: Slot[] = [];
  const fixed = new Map<Value, Range>();
  const constants = placeLeaves(graph, slots, fixed);
  placeOutputs(graph, locate, slots, fixed);

  const requests = new Map<Value, PendingRequest>();
  const requestOf = (operand: Location | PendingRequest): PendingRequest | undefined => {
    if (!('root' in operand)) return operand;
    if (fixed.has(operand.root)) return undefined;
    const known = requests.get(operand.root);
    if (known) return known;
    const made = newRequest(bytesOf(operand.root));
    requests.set(operand.root, made);
    return made;
  };
  const all = findLifetimes(pending, prelude, requestOf);
  const memory = planMemory(all, maxBufferBytes);
  const firstArena = slots.length;
  slots.push(...memory.arenaBytes.map((bytes) => ({ kind: 'arena' as const, bytes })));

  const rangeOf = (operand: Location | PendingRequest, bytes: number): Range => {
    const request = requestOf(operand);
    const inside = 'root' in operand ? operand.offset : 0;
    if (!request) {
      const base = fixed.get((operand as Location).root)!;
      return { slot: base.slot, offset: base.offset + inside, bytes };
    }
    const { arena, offset } = memory.placements.get(request)!;
    return { slot: firstArena + arena, offset: offset + inside, bytes };
  };
  const dispatches = pending.map(({ kernel, scope, operands }) => {
    const ranges = operands.map((operand, i) => {
      const binding = kernel.bindings[i]!;
      return rangeOf(operand, Math.max(4, Math.ceil((binding.length * WORD[binding.element]) / 4) * 4));
    });
    const written = new Set(
      ranges.filter((_, i) => kernel.bindings[i]!.access !== 'read').map(({ slot }) => slot),
    );
    return { kernel: withSharing(kernel, (i) => written.has(ranges[i]!.slot)), scope, ranges };
  });
  const tensor = (value: Value): PlannedTensor => ({
    range: rangeOf(locate(value), bytesOf(value)),
    shape: value.shape,
    dtype: value.dtype,
  });
  const plan: Plan = {
    label,
    slots,
    dispatches,
    prelude,
    outputs: new Map([...graph.outputs].map(([name, value]) => [name, tensor(value)])),
    inputs: new Map(
      valuesOf(graph)
        .filter((value) => isOp(value, 'input'))
        .map((value) => [value.attrs.name, tensor(value)]),
    ),
    constants,
    memory: {
      arenas: memory.arenaBytes.reduce((sum, bytes) => sum + bytes, 0),
      lowerBound: memory.lowerBound,
    },
  };
  verifyPlan(plan);
  return plan;
}

const WORD = { f32: 4, f16: 2, i32: 4, u32: 4 } as const;

/**
 * First and last use of each request, and which are read and written by one dispatch. What the prelude leaves for the
 * rest lives on: the next run reads it again. Returns them all.
 */
function findLifetimes(
  pending: readonly Pending[],
  prelude: number,
  requestOf: (operand: Location | PendingRequest) => PendingRequest | undefined,
): PendingRequest[] {
  const all = new Set<PendingRequest>();
  pending.forEach(({ kernel, operands }, at) => {
    const found = operands.map(requestOf);
    found.forEach((request, i) => {
      if (!request) return;
      all.add(request);
      request.first = Math.min(request.first, at);
      request.last = Math.max(request.last, at);
      if (kernel.bindings[i]!.access === 'read') return;
      found.forEach((other, j) => {
        const { access, image } = kernel.bindings[j]!;
        // What is read as a texture was copied out of its buffer before.
        if (!other || other === request || access !== 'read' || image) return;
        request.conflicts.add(other);
        other.conflicts.add(request);
      });
    });
  });
  for (const request of all) {
    if (request.first < prelude && request.last >= prelude) request.last = pending.length;
  }
  return [...all];
}

function placeLeaves(graph: Graph, slots: Slot[], fixed: Map<Value, Range>): Uint8Array {
  const chunks: { value: ValueOf<'constant'>; offset: number }[] = [];
  let constantBytes = 0;
  for (const value of valuesOf(graph)) {
    const bytes = bytesOf(value);
    if (isOp(value, 'constant')) {
      chunks.push({ value, offset: constantBytes });
      constantBytes += alignBytes(bytes);
    } else if (isOp(value, 'input', 'state')) {
      const { name } = value.attrs;
      const known = slots.findIndex((slot) => slot.kind === value.op && slot.name === name);
      const slot = known >= 0 ? known : slots.push({ kind: value.op, name, bytes: alignBytes(bytes) }) - 1;
      fixed.set(value, { slot, offset: 0, bytes });
    }
  }
  const data = new Uint8Array(constantBytes);
  if (chunks.length > 0) {
    const slot = slots.push({ kind: 'constants', bytes: constantBytes }) - 1;
    for (const { value, offset } of chunks) {
      data.set(new Uint8Array(encode(value.attrs.data, value.dtype).buffer), offset);
      fixed.set(value, { slot, offset, bytes: bytesOf(value) });
    }
  }
  return data;
}

function encode(numbers: readonly number[], dtype: Value['dtype']): Float32Array | Int32Array | Uint32Array {
  if (dtype === 'i32') return Int32Array.from(numbers);
  if (dtype === 'u32') return Uint32Array.from(numbers);
  return Float32Array.from(numbers);
}

/** Results get buffers of their own, so that nothing overwrites them before they are read. */
function placeOutputs(
  graph: Graph,
  locate: (value: Value) => Location,
  slots: Slot[],
  fixed: Map<Value, Range>,
): void {
  for (const value of graph.outputs.values()) {
    const { root } = locate(value);
    if (fixed.has(root)) continue;
    const bytes = bytesOf(root);
    const slot = slots.push({ kind: 'output', bytes: alignBytes(bytes) }) - 1;
    fixed.set(root, { slot, offset: 0, bytes });
  }
}
