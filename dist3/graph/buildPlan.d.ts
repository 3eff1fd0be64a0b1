import type { DeviceFacts } from '../kernels/kernel.ts';
import { type Graph } from './graph.ts';
import { type Plan } from './plan.ts';
export interface PlanOptions {
    readonly label?: string;
    /** Default true; false keeps one dispatch per op, to compare against. */
    readonly fuse?: boolean;
}
/** The passes in order, then dispatches, then memory. */
export declare function buildPlan(graph: Graph, device: DeviceFacts, options?: PlanOptions): Plan;
/** The graph as it will be lowered. */
export declare function optimize(graph: Graph, device: DeviceFacts, { fuse }?: PlanOptions): Graph;
