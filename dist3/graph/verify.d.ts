import type { Plan } from './plan.ts';
/**
 * What must hold of a plan before a device sees it: bindings match the kernel, ranges lie inside their slots
 * at legal offsets, and no dispatch writes a buffer that it also reads (WebGPU's rule is per buffer).
 * @throws WgadError naming the dispatch; it means a fault in a pass.
 */
export declare function verifyPlan(plan: Plan): void;
