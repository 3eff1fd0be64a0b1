/** Ops whose values carry their kernels (`Value.kernels`), so that a bundle without them does not hold these either. */
import type { attentionKernels } from '../kernels/attention.ts';
import type { batchNormKernels } from '../kernels/batchNorm.ts';
import type { convKernels } from '../kernels/gemm/lowering.ts';
import type { indexKernels } from '../kernels/indexing.ts';
import type { nearestKernels } from '../kernels/nearest/lowering.ts';
import type { poolKernels } from '../kernels/pool.ts';
import type { randomKernels } from '../kernels/random.ts';
import type { resampleKernels } from '../kernels/resample.ts';
import type { resizeKernels } from '../kernels/resize.ts';
import type { scanKernels } from '../kernels/scan.ts';
import type { similarityKernels } from '../kernels/similarity.ts';
import type { topKKernels } from '../kernels/topK.ts';

/** What may be carried: the kernels of an op and of all that its derivatives are made of. */
type Table =
  | typeof attentionKernels
  | typeof batchNormKernels
  | typeof convKernels
  | typeof indexKernels
  | typeof nearestKernels
  | typeof poolKernels
  | typeof randomKernels
  | typeof resampleKernels
  | typeof resizeKernels
  | typeof scanKernels
  | typeof similarityKernels
  | typeof topKKernels;

type NamesIn<T> = T extends Table ? keyof T : never;
export type CarriedOp = NamesIn<Table>;

/** What values of op `K` carry; nothing is said of an op whose kernels every program has. */
export type Carrying<K extends string> = K extends CarriedOp
  ? { readonly kernels: Extract<Table, Readonly<Record<K, unknown>>> }
  : unknown;
