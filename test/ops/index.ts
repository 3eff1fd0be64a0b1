import { attentionSpecs } from './attention.ts';
import { batchNormSpecs } from './batchNorm.ts';
import { convSpecs } from './conv.ts';
import { matmulSpecs } from './matmul.ts';
import { movementSpecs } from './movement.ts';
import { nearestSpecs } from './nearest.ts';
import { nnSpecs } from './nn.ts';
import { pointwiseSpecs } from './pointwise.ts';
import { poolSpecs } from './pool.ts';
import { reduceSpecs } from './reduce.ts';
import { selectSpecs } from './select.ts';
import { similaritySpecs } from './similarity.ts';
import type { SpecTable } from './spec.ts';
import { topKSpecs } from './topK.ts';

export const SPECS: SpecTable = {
  ...pointwiseSpecs,
  ...reduceSpecs,
  ...movementSpecs,
  ...matmulSpecs,
  ...convSpecs,
  ...poolSpecs,
  ...similaritySpecs,
  ...attentionSpecs,
  ...batchNormSpecs,
  ...selectSpecs,
  ...topKSpecs,
  ...nearestSpecs,
  ...nnSpecs,
};
