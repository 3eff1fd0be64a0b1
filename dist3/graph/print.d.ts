import { type Graph } from './graph.ts';
import type { Plan } from './plan.ts';
/**
 * A graph as text, a line per value: `%2 = pointwise relu(%1) [2, 4]`. Numbers count from the inputs, so equal graphs
 * print equally.
 */
export declare function printGraph(graph: Graph): string;
/** A plan as text, a line per dispatch: kernel, workgroups, GFLOP, megabytes. */
export declare function printPlan(plan: Plan): string;
