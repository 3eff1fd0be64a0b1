import { type Graph } from '../graph.ts';
/**
 * Merges chains of pointwise values into one program each, and into the loads of the reductions that read
 * them. `maxInputs` is what a kernel may bind beside its result.
 *
 * A value with one user is absorbed. One with several is absorbed by all of them if it is cheap and reads at
 * most one array of its own size, because each user then reads that array instead of this one: a normalised
 * activation or a ReLU mask costs no memory at all.
 */
export declare function fuseElementwise(graph: Graph, maxInputs: number): Graph;
