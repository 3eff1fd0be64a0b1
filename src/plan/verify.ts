import { WgadError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { BINDING_ALIGN } from '../kernels/kernel.ts';
import type { OperandRef } from '../kernels/lowering.ts';
import type { Plan, PlannedDispatch, Range } from './plan.ts';

/**
 * Checks element types: a kernel that binds memory of another type would compute garbage without an error.
 * @throws WgadError naming the binding; it means a fault in a lowering.
 */
export function verifyElements(
  kernel: Kernel,
  operands: readonly OperandRef[],
  inputs: readonly Value[],
  out: Value,
): void {
  for (const [i, ref] of operands.entries()) {
    if (typeof ref === 'object' && 'scratch' in ref) continue;
    const isOut = ref === 'out' || (typeof ref === 'object' && 'out' in ref);
    const { dtype } = isOut ? out : inputs[typeof ref === 'number' ? ref : ref.input]!;
    const { name, element } = kernel.bindings[i]!;
    if (element === dtype) continue;
    throw new WgadError('E_GPU', `${kernel.label}: ${name} is stored as ${dtype} and bound as ${element}`);
  }
}

/**
 * What must hold of a plan before a device sees it: bindings match the kernel, ranges lie inside their slots
 * at legal offsets, no dispatch writes a range that it also reads, and what it reads of a buffer that it writes is
 * declared alike (WebGPU's rule is per buffer).
 * @throws WgadError naming the dispatch; it means a fault in a pass.
 */
export function verifyPlan(plan: Plan): void {
  for (const dispatch of plan.dispatches) {
    const wrong = violation(plan, dispatch);
    if (wrong) throw new WgadError('E_GPU', `${plan.label}: ${dispatch.kernel.label}: ${wrong}`);
  }
}

function violation(plan: Plan, { kernel, ranges }: PlannedDispatch): string | undefined {
  if (ranges.length !== kernel.bindings.length) {
    return `expects ${kernel.bindings.length} ranges, got ${ranges.length}`;
  }
  for (const [i, range] of ranges.entries()) {
    const { name, access } = kernel.bindings[i]!;
    const slot = plan.slots[range.slot];
    if (!slot || range.offset % BINDING_ALIGN !== 0 || range.offset + range.bytes > slot.bytes) {
      return `${name} lies outside its slot: offset ${range.offset}, ${range.bytes} bytes of ${slot?.bytes}`;
    }
    const twin = ranges.findIndex(
      (other, j) => j > i && isShared(kernel, i) && isShared(kernel, j) && overlap(range, other),
    );
    if (twin >= 0)
      return `${name} and ${kernel.bindings[twin]!.name} lie in the same place, both declared read_write`;
    if (access === 'read') continue;
    if (slot.kind === 'input' || slot.kind === 'constants') return `${name} writes a ${slot.kind}`;
    for (const [j, other] of ranges.entries()) {
      if (i === j || other.slot !== range.slot) continue;
      const binding = kernel.bindings[j]!;
      if (binding.texture) continue;
      if (overlap(range, other)) return `${name} is written while ${binding.name} lies in the same place`;
      if (binding.access === 'read' && !binding.shared) {
        return `${name} is written while ${binding.name} lies in the same buffer, declared read`;
      }
    }
  }
  return undefined;
}

const isShared = ({ bindings }: Kernel, i: number): boolean =>
  bindings[i]!.access === 'read' && bindings[i]!.shared === true;

const overlap = (a: Range, b: Range): boolean =>
  a.slot === b.slot && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
