/** How to enable Dawn's experimental subgroup matrices. */

import { LimitError } from '../errors.ts';
import type { GPUAdapter } from './webgpuTypes.ts';

/** Feature of an adapter, for `requestDevice`. */
export const SUBGROUP_MATRIX = 'chromium-experimental-subgroup-matrix';
/** Flag of the native implementation; without it no adapter offers the feature. */
export const UNSAFE_APIS = 'enable-dawn-features=allow_unsafe_apis';

/** result[m, n] += left[m, k] right[k, n]. */
export interface MatrixSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** An entry of `adapter.info.subgroupMatrixConfigs`. */
interface Config {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/**
 * The largest matrices of f16 that are summed in f32; chosen by what the adapter lists, never by its name.
 * @throws LimitError where it lists none.
 */
export function matrixSize(adapter: GPUAdapter, name: string): MatrixSize {
  const { subgroupMatrixConfigs } = adapter.info as GPUAdapterInfo & {
    subgroupMatrixConfigs?: Iterable<Config>;
  };
  const all = adapter.features.has(SUBGROUP_MATRIX) ? [...(subgroupMatrixConfigs ?? [])] : [];
  const [best] = all
    .filter(
      ({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32',
    )
    .map(({ M, N, K }) => ({ m: M, n: N, k: K }))
    .sort((a, b) => b.m * b.n * b.k - a.m * a.n * a.k);
  if (best) return best;
  const offered = all.map((c) => `${c.componentType} to ${c.resultComponentType} ${c.M}x${c.N}x${c.K}`);
  throw new LimitError(
    `${name} offers no subgroup matrices of f16 that are summed in f32; it offers ${offered.join(', ') || 'none'}`,
    { fix: 'leave --subgroup-matrix out' },
  );
}
