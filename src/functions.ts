/** Every function of values: what the library exports of ops and composites, and what `wgad kernels show` knows by name. */
export { type AttentionOptions, attention, type Neighbours } from './graph/ops/attention.ts';
export { type CustomVjp, stopGradient, withVjp } from './graph/ops/control.ts';
export { conv2d, convTranspose2d } from './graph/ops/conv.ts';
export { linear, matmul } from './graph/ops/matmul.ts';
export { concat, flatten, pad, permute, reshape, slice, split, transpose } from './graph/ops/movement.ts';
export {
  abs,
  add,
  broadcastTo,
  cast,
  clamp,
  div,
  equal,
  exp,
  gelu,
  greater,
  greaterEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  reciprocal,
  relu,
  relu6,
  rsqrt,
  scale,
  shift,
  sigmoid,
  sign,
  silu,
  sqrt,
  square,
  sub,
  tanh,
  where,
} from './graph/ops/pointwise.ts';
export { adaptiveAvgPool2d, avgPool2d, globalAvgPool2d, maxPool2d } from './graph/ops/pool.ts';
export { randomNormal, randomUniform } from './graph/ops/random.ts';
export { argmax, max, mean, min, std, sum, variance } from './graph/ops/reduce.ts';
export { interpolate } from './graph/ops/resize.ts';
export { gather, oneHot } from './graph/ops/select.ts';
export { cosineMap } from './graph/ops/similarity.ts';
export { kthLargest, takeAlongAxis, topK } from './graph/ops/topK.ts';
export { type BlurOptions, gaussianBlur2d } from './nn/blur.ts';
export { clipFactor } from './nn/clipNorm.ts';
export { type CrossEntropyOptions, crossEntropy } from './nn/crossEntropy.ts';
export { dropout } from './nn/dropout.ts';
export { cosineSimilarity, globalCosineLoss, mseLoss, smoothL1Loss } from './nn/losses.ts';
export { type BatchNormState, batchNorm2d, batchNorm2dTrain, layerNorm } from './nn/norm.ts';
export { logSoftmax, softmax } from './nn/softmax.ts';
export { topFractionMean } from './nn/topFraction.ts';
