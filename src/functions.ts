/** Every function of values: what the library exports of ops and composites, and what `wgad kernels show` knows by name. */
export { type AttentionOptions, attention, type Neighbours } from './graph/ops/attention.ts';
export { type CustomVjp, stopGradient, withVjp } from './graph/ops/control.ts';
export {
  bitwiseAnd,
  bitwiseNot,
  bitwiseOr,
  bitwiseXor,
  shiftLeft,
  shiftRight,
} from './graph/ops/integers.ts';
export { matmul } from './graph/ops/matmul.ts';
export { concat, flip, pad, permute, reshape, slice } from './graph/ops/movement.ts';
export * from './graph/ops/pointwise.ts';
export {
  type AvgPoolOptions,
  avgPool2d,
  maxPool2d,
  maxPool2dWithIndices,
  type PoolOptions,
} from './graph/ops/pool.ts';
export { randomNormal, randomUniform } from './graph/ops/random.ts';
export { argmax, argmin, max, mean, min, prod, sum } from './graph/ops/reduce.ts';
export { type InterpolateOptions, interpolate } from './graph/ops/resize.ts';
export { type CumsumOptions, cumsum } from './graph/ops/scan.ts';
export {
  putAlongAxis,
  type ScatterNdOptions,
  type ScatterOptions,
  scatter,
  scatterNd,
} from './graph/ops/scatter.ts';
export { gather, gatherNd, oneHot, takeAlongAxis } from './graph/ops/select.ts';
export { cosineMap } from './graph/ops/similarity.ts';
export { argsort, type SortOptions, sort } from './graph/ops/sort.ts';
export { kthLargest, topK } from './graph/ops/topK.ts';
export {
  celu,
  elu,
  geluTanh,
  hardsigmoid,
  leakyRelu,
  logSigmoid,
  mish,
  prelu,
  type SoftplusOptions,
  selu,
  softplus,
  softsign,
} from './nn/activations.ts';
export { type AttentionWeightsOptions, attentionWeights } from './nn/attentionWeights.ts';
export { flatten, roll, split, squeeze, stack, tile, transpose, tril, triu, unsqueeze } from './nn/axes.ts';
export { type BlurOptions, gaussianBlur2d } from './nn/blur.ts';
export { clipByNorm, clipByValue, clipFactor } from './nn/clipNorm.ts';
export {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from './nn/conv.ts';
export { type CrossEntropyOptions, crossEntropy, type NllLossOptions, nllLoss } from './nn/crossEntropy.ts';
export { dropout } from './nn/dropout.ts';
export { einsum } from './nn/einsum.ts';
export { type GridSampleOptions, gridSample } from './nn/gridSample.ts';
export { linear } from './nn/linear.ts';
export { logSumExp } from './nn/logSumExp.ts';
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  cosineSimilarity,
  globalCosineLoss,
  type HuberLossOptions,
  huberLoss,
  type KlDivergenceOptions,
  klDivergence,
  l1Loss,
  mseLoss,
  type SigmoidFocalLossOptions,
  sigmoidFocalLoss,
  smoothL1Loss,
} from './nn/losses.ts';
export type { LossOptions, LossReduction } from './nn/lossReduction.ts';
export {
  type BatchNormState,
  batchNorm,
  batchNormTrain,
  type GroupNormOptions,
  groupNorm,
  instanceNorm,
  layerNorm,
} from './nn/norm.ts';
export {
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool3d,
  globalAvgPool2d,
  maxPool1d,
  maxPool3d,
  maxUnpool2d,
} from './nn/pool.ts';
export { logSoftmax, softmax } from './nn/softmax.ts';
export { topFractionMean } from './nn/topFraction.ts';
export { all, any } from './nn/truth.ts';
export { std, variance } from './nn/variance.ts';
