import { batchNormKernels } from '../../kernels/batchNorm.ts';
import type { OpTable } from './definition.ts';

/** Of values of these ops and of `batchNormWeightGrad`. */
export const BATCH_NORM = { kernels: batchNormKernels };

export const batchNormOps = {
  /** x [N, C, ...S] -> flat: mean and unbiased variance of each channel, side by side as `pack` lays them. */
  batchMoments: { averagesHalf: true },
} as const satisfies OpTable;
