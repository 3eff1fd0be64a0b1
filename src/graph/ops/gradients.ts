import { product } from '../../shape.ts';
import { type AttentionAttrs, droppedPairs } from './attention.ts';
import type { ConvGeometry } from './conv.ts';
import { attributes, type OpTable } from './definition.ts';
import type { PadMode } from './movement.ts';
import type { PoolWindow } from './pool.ts';
import { type Resampling, resampledPlaces } from './resize.ts';
import type { Picking } from './select.ts';

const pooling = attributes<{ readonly window: PoolWindow }>();
const attending = {
  attrs: attributes<AttentionAttrs>(),
  indexed: droppedPairs,
  nonDifferentiable: 'it exists for the gradient of attention',
} as const;

/** Ops that appear in gradients only: made by `autograd/` and the hand-derived gradients of `nn/`. */
export const gradientOps = {
  /** x, dy -> dweight [Cout, C/groups, kh, kw]. */
  conv2dWeightGrad: {
    attrs: attributes<{ readonly geometry: ConvGeometry }>(),
    averagesHalf: true,
    macs: ({ inputs: [, dy], shape }) => product(dy!.shape) * product(shape.slice(1)),
  },
  /** The transpose of pad by repetition: dy -> dx. */
  padGrad: {
    attrs: attributes<{ readonly before: readonly number[]; readonly mode: Exclude<PadMode, 'constant'> }>(),
  },
  /** x, dy -> dx: each dy goes to the first largest element of its window. */
  maxPool2dGrad: { attrs: pooling, storesHalf: true },
  /** x, v (of x's shape) -> v at the first largest element of each window of x. */
  maxPool2dPick: { attrs: pooling },
  /** dy -> dx. */
  avgPool2dGrad: { attrs: pooling, storesHalf: true },
  /** The transpose of interpolate: dy [N, C, OH, OW] -> dx [N, C, H, W]. */
  interpolateGrad: { attrs: attributes<Resampling>(), indexed: resampledPlaces },
  /** The transpose of gather: dy, indices, order? -> of x's shape, what shares an index summed in order, others left out. */
  gatherGrad: { attrs: attributes<Picking>() },
  /** bank [K, C], x [M, C], found [2, M, k], cotangent [2, M, k] -> dx [M, C]. `first`: of the bank's rows. */
  nearestRowsGrad: {
    attrs: attributes<{ readonly first: number }>(),
    nonDifferentiable: 'second derivatives of nearestRows are not implemented',
  },
  /** dout, x [N, C, ...S], moments -> flat: the sums of dout xhat and of dout of each channel, side by side as `pack` lays them. */
  batchNormWeightGrad: { attrs: attributes<{ readonly eps: number }>(), averagesHalf: true },
  /** q, k, dOut, out -> [N, Lq, heads, 2]: log of the sum of exp of a query's row (0 where the mask leaves nothing), <dOut, out>. */
  attentionRows: {
    ...attending,
    macs: ({ inputs: [q, k] }) => product(q!.shape.slice(1)) * k!.shape[0]! * k!.shape[1]!,
  },
  /** q, k, v, dOut, rows, key?, site? -> dq [N, Lq, E]. */
  attentionQueryGrad: {
    ...attending,
    macs: ({ inputs: [, k], shape }) => 3 * product(shape) * k!.shape[1]!,
  },
  /** The same -> dk and dv, side by side as `pack` lays them. */
  attentionKeyValueGrad: { ...attending, macs: ({ inputs: [q, k] }) => 4 * product(k!.shape) * q!.shape[1]! },
} as const satisfies OpTable;
