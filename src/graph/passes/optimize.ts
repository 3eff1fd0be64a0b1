import type { DeviceFacts } from '../../kernels/kernel.ts';
import type { Graph } from '../graph.ts';
import { fuseElementwise } from './fuseElementwise.ts';
import { fuseEpilogue } from './fuseEpilogue.ts';
import { simplify } from './simplify.ts';

/** All passes in order: the graph as it is lowered. @param fuse false keeps one dispatch per op, to compare against. */
export function optimize(graph: Graph, { maxStorageBuffers }: DeviceFacts, fuse = true): Graph {
  const simple = simplify(graph);
  if (!fuse) return simple;
  // One spare binding below the limit: some drivers count one for themselves.
  const maxBindings = Math.min(maxStorageBuffers, 10) - 1;
  const fused = fuseElementwise(simple, maxBindings - 1);
  return simplify(fuseEpilogue(fused, maxBindings));
}
