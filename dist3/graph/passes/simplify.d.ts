import { type Graph } from '../graph.ts';
/**
 * Removes what exists for differentiation only, arithmetic that changes nothing, views of views, and repeated
 * subexpressions. Dead values go by themselves: a graph is what its outputs reach.
 */
export declare function simplify(graph: Graph): Graph;
