import type { OpName, Value, ValueOf } from '../value.ts';
import { attentionOps } from './attention.ts';
import { batchNormOps } from './batchNorm.ts';
import { controlOps } from './control.ts';
import { convOps } from './conv.ts';
import type { OpDefinition } from './definition.ts';
import { gradientOps } from './gradients.ts';
import { integerOps } from './integers.ts';
import { leafOps } from './leaf.ts';
import { matmulOps } from './matmul.ts';
import { movementOps } from './movement.ts';
import { nearestOps } from './nearest.ts';
import { ownKernelOps } from './ownKernel.ts';
import { pointwiseOps } from './pointwiseOps.ts';
import { poolOps } from './pool.ts';
import { randomOps } from './random.ts';
import { reduceOps } from './reduce.ts';
import { resampleOps } from './resample.ts';
import { resizeOps } from './resize.ts';
import { scanOps } from './scan.ts';
import { scatterOps } from './scatter.ts';
import { selectOps } from './select.ts';
import { similarityOps } from './similarity.ts';
import { slabOps } from './slab.ts';
import { sortOps } from './sort.ts';
import { topKOps } from './topK.ts';
import { updateOps } from './update.ts';

/** Every primitive op. A new family is one spread here; `tsc` then asks for its kernels, VJPs and specs. */
const opTable = {
  ...leafOps,
  ...controlOps,
  ...pointwiseOps,
  ...integerOps,
  ...reduceOps,
  ...movementOps,
  ...slabOps,
  ...matmulOps,
  ...convOps,
  ...poolOps,
  ...resizeOps,
  ...resampleOps,
  ...similarityOps,
  ...batchNormOps,
  ...attentionOps,
  ...scanOps,
  ...selectOps,
  ...scatterOps,
  ...sortOps,
  ...topKOps,
  ...nearestOps,
  ...randomOps,
  ...updateOps,
  ...ownKernelOps,
  ...gradientOps,
};

/** The same table under its general type, for passes that ask for traits. */
export const OPS: Readonly<Record<OpName, OpDefinition>> = opTable;

/** The attributes of each op. */
type Attributes = {
  [K in keyof typeof opTable]: (typeof opTable)[K] extends { attrs: infer A }
    ? A
    : Readonly<Record<never, never>>;
};
declare module '../value.ts' {
  interface OpAttributes extends Attributes {}
}

/** The ops whose definition is a `Trait`. */
type OpsWith<Trait> = { [K in OpName]: (typeof opTable)[K] extends Trait ? K : never }[OpName];

/** Ops that need a rule of differentiation. */
export type DifferentiableOp = Exclude<
  OpName,
  OpsWith<{ leaf: true } | { nonDifferentiable: string } | { identity: true }>
>;

/** Ops that lowering must cover: those that dispatch something. */
export type LoweredOp = Exclude<
  OpName,
  OpsWith<{ leaf: true } | { view: true } | { placesInputs: true } | { identity: true }>
>;

/** Whether `value` is of an op with this trait, and so has the attributes that come with it. */
export const has = <T extends 'pointwise' | 'takesPrologue' | 'takesEpilogue' | 'placesInputs'>(
  value: Value,
  trait: T,
): value is ValueOf<OpsWith<Readonly<Record<T, true>>>> => OPS[value.op][trait] === true;
