import { attentionVjps } from './attention.ts';
import { batchNormVjps } from './batchNorm.ts';
import { convVjps } from './conv.ts';
import { linearMapVjps } from './linearMaps.ts';
import { matmulVjps } from './matmul.ts';
import { movementVjps } from './movement.ts';
import { nearestVjps } from './nearest.ts';
import { pointwiseVjps } from './pointwise.ts';
import { reduceVjps } from './reduce.ts';
import type { Vjps } from './rule.ts';
import { scanVjps } from './scan.ts';
import { selectionVjps } from './selections.ts';
import { similarityVjps } from './similarity.ts';

/** The rule of every differentiable op; a missing one does not compile. */
export const vjps: Vjps = {
  ...pointwiseVjps,
  ...reduceVjps,
  ...movementVjps,
  ...matmulVjps,
  ...convVjps,
  ...linearMapVjps,
  ...similarityVjps,
  ...batchNormVjps,
  ...attentionVjps,
  ...scanVjps,
  ...selectionVjps,
  ...nearestVjps,
};
