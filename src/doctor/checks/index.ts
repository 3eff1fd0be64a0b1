import { attentionChecks } from './attention.ts';
import type { Family, OpCheck, UpdateCheck } from './check.ts';
import { convChecks, matmulChecks, poolChecks, resizeChecks } from './layers.ts';
import { movementChecks, randomChecks } from './movement.ts';
import { nearestChecks } from './nearest.ts';
import { pointwiseChecks } from './pointwise.ts';
import { batchNormChecks, reduceChecks, selectChecks, similarityChecks } from './reductions.ts';
import { topKChecks } from './topK.ts';
import { updateChecks } from './update.ts';

export type { Family, OpCheck, UpdateCheck } from './check.ts';

/** What `wgad doctor` runs, by family; test/doctor asks that every op is among it. */
export const OP_CHECKS: Readonly<Record<Exclude<Family, 'update'>, readonly OpCheck[]>> = {
  pointwise: pointwiseChecks,
  reduce: reduceChecks,
  movement: movementChecks,
  matmul: matmulChecks,
  conv: convChecks,
  pool: poolChecks,
  resize: resizeChecks,
  similarity: similarityChecks,
  'batch norm': batchNormChecks,
  attention: attentionChecks,
  select: selectChecks,
  'top k': topKChecks,
  nearest: nearestChecks,
  random: randomChecks,
};

export const UPDATE_CHECKS: readonly UpdateCheck[] = updateChecks;
