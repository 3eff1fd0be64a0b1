import type { opTable } from '../graph/ops/index.ts';
import { attentionVjps } from './attention.ts';
import { batchNormVjps } from './batchNorm.ts';
import { convVjps } from './conv.ts';
import { matmulVjps } from './matmul.ts';
import { movementVjps } from './movement.ts';
import { nearestVjps } from './nearest.ts';
import { pointwiseVjps } from './pointwise.ts';
import { poolVjps } from './pool.ts';
import { reduceVjps } from './reduce.ts';
import { resizeVjps } from './resize.ts';
import type { VjpTable } from './rule.ts';
import { selectVjps } from './select.ts';
import { similarityVjps } from './similarity.ts';
import { topKVjps } from './topK.ts';

/** The rule of every differentiable op; a missing one does not compile. */
export const vjps: VjpTable<typeof opTable> = {
  ...pointwiseVjps,
  ...reduceVjps,
  ...movementVjps,
  ...matmulVjps,
  ...convVjps,
  ...poolVjps,
  ...resizeVjps,
  ...similarityVjps,
  ...batchNormVjps,
  ...attentionVjps,
  ...selectVjps,
  ...topKVjps,
  ...nearestVjps,
};
