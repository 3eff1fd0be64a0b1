import { attentionSpecs } from './attention.ts';
import { batchNormSpecs } from './batchNorm.ts';
import { convSpecs } from './conv.ts';
import { integerSpecs } from './integers.ts';
import { matmulSpecs } from './matmul.ts';
import { movementSpecs } from './movement.ts';
import { nearestSpecs } from './nearest.ts';
import { ownKernelSpecs } from './ownKernel.ts';
import { castSpecs, pointwiseSpecs } from './pointwise.ts';
import { poolSpecs, resizeSpecs } from './pool.ts';
import { randomSpecs } from './random.ts';
import { reduceSpecs } from './reduce.ts';
import { scanSpecs } from './scan.ts';
import { selectSpecs } from './select.ts';
import { similaritySpecs } from './similarity.ts';
import { sortSpecs } from './sort.ts';
import type { SpecTable } from './spec.ts';
import { topKSpecs } from './topK.ts';

/** What must hold of every op, by family: the ops of a file under graph/ops, which share kernels. */
export const FAMILIES = {
  pointwise: { ...pointwiseSpecs, ...castSpecs },
  integers: integerSpecs,
  reduce: reduceSpecs,
  movement: movementSpecs,
  matmul: matmulSpecs,
  conv: convSpecs,
  pool: poolSpecs,
  resize: resizeSpecs,
  similarity: similaritySpecs,
  'batch norm': batchNormSpecs,
  attention: attentionSpecs,
  scan: scanSpecs,
  select: selectSpecs,
  sort: sortSpecs,
  'top k': topKSpecs,
  nearest: nearestSpecs,
  random: randomSpecs,
  'own kernels': ownKernelSpecs,
} as const satisfies Readonly<Record<string, SpecTable>>;

export type Family = keyof typeof FAMILIES;
