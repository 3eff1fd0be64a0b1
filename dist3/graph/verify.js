import { WgadError } from '../errors.js';
import { BINDING_ALIGN } from './plan.js';
/**
 * What must hold of a plan before a device sees it: bindings match the kernel, ranges lie inside their slots
 * at legal offsets, and no dispatch writes a buffer that it also reads (WebGPU's rule is per buffer).
 * @throws WgadError naming the dispatch; it means a fault in a pass.
 */
export function verifyPlan(plan) {
    for (const dispatch of plan.dispatches) {
        const wrong = violation(plan, dispatch);
        if (wrong)
            throw new WgadError('E_GPU', `${plan.label}: ${dispatch.kernel.label}: ${wrong}`);
    }
}
function violation(plan, { kernel, ranges }) {
    if (ranges.length !== kernel.bindings.length) {
        return `expects ${kernel.bindings.length} ranges, got ${ranges.length}`;
    }
    for (const [i, range] of ranges.entries()) {
        const { name, access } = kernel.bindings[i];
        const slot = plan.slots[range.slot];
        if (!slot || range.offset % BINDING_ALIGN !== 0 || range.offset + range.bytes > slot.bytes) {
            return `${name} lies outside its slot: offset ${range.offset}, ${range.bytes} bytes of ${slot?.bytes}`;
        }
        if (access === 'read')
            continue;
        if (slot.kind === 'input' || slot.kind === 'constants')
            return `${name} writes a ${slot.kind}`;
        for (const [j, other] of ranges.entries()) {
            if (i === j || other.slot !== range.slot)
                continue;
            const apart = other.offset >= range.offset + range.bytes || range.offset >= other.offset + other.bytes;
            if (kernel.bindings[j].access === 'read' || !apart) {
                return `${name} is written while ${kernel.bindings[j].name} lies in the same buffer`;
            }
        }
    }
    return undefined;
}
//# sourceMappingURL=verify.js.map