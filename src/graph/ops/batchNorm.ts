import type { OpTable } from './definition.ts';

export const batchNormOps = {
  /** x [N, C, ...S] -> flat: mean and unbiased variance of each channel, side by side as `pack` lays them. */
  batchMoments: { readsHalf: true },
} as const satisfies OpTable;
