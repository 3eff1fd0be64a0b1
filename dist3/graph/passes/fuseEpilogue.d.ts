import { type Graph } from '../graph.ts';
/**
 * Moves a pointwise value into the store of the matmul or convolution that feeds it: bias, batch norm's scale
 * and shift, residual add and activation then cost no pass over memory. Runs after `fuseElementwise`.
 */
export declare function fuseEpilogue(graph: Graph, maxBindings: number): Graph;
