import { attentionOps } from './attention.ts';
import { batchNormOps } from './batchNorm.ts';
import { controlOps } from './control.ts';
import { convOps } from './conv.ts';
import type { OpDefinition } from './definition.ts';
import { leafOps } from './leaf.ts';
import { matmulOps } from './matmul.ts';
import { movementOps } from './movement.ts';
import { nearestOps } from './nearest.ts';
import { pointwiseOps } from './pointwise.ts';
import { poolOps } from './pool.ts';
import { randomOps } from './random.ts';
import { reduceOps } from './reduce.ts';
import { resizeOps } from './resize.ts';
import { selectOps } from './select.ts';
import { similarityOps } from './similarity.ts';
import { topKOps } from './topK.ts';
import { updateOps } from './update.ts';

/** Every primitive op. A new family is one spread here; `tsc` then asks for its kernels, VJPs and specs. */
export const opTable = {
  ...leafOps,
  ...controlOps,
  ...pointwiseOps,
  ...reduceOps,
  ...movementOps,
  ...matmulOps,
  ...convOps,
  ...poolOps,
  ...resizeOps,
  ...similarityOps,
  ...batchNormOps,
  ...attentionOps,
  ...selectOps,
  ...topKOps,
  ...nearestOps,
  ...randomOps,
  ...updateOps,
};

export type OpName = keyof typeof opTable;

/** The same table under its general type, for passes that ask for traits. */
export const OPS: Readonly<Record<OpName, OpDefinition>> = opTable;

/** Ops that a VJP table must cover. */
export type DifferentiableOp = {
  [K in OpName]: (typeof opTable)[K] extends
    | { leaf: true }
    | { nonDifferentiable: string }
    | { identity: true }
    ? never
    : K;
}[OpName];

/** Ops that lowering must cover: those that dispatch something. */
export type LoweredOp = {
  [K in OpName]: (typeof opTable)[K] extends
    | { leaf: true }
    | { view: true }
    | { placesInputs: true }
    | { identity: true }
    ? never
    : K;
}[OpName];
