/** The engine: tensors, ops, derivatives, optimisers. Models, methods, data and metrics have entries of their own. */
export { grad, valueAndGrad } from './autograd/reverse.ts';
export {
  ConfigError,
  DatasetError,
  DtypeError,
  type ErrorCode,
  FileError,
  GpuError,
  ImageError,
  LimitError,
  NotFiniteError,
  OutOfMemoryError,
  ShapeError,
  WeightsError,
  WgadError,
} from './errors.ts';
export { parseSafetensors } from './formats/readSafetensors.ts';
export { type AdapterDescription, listAdapters, type OpenOptions } from './gpu/open.ts';
export { buildPlan } from './graph/buildPlan.ts';
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
export type { UpdateRule } from './graph/ops/update.ts';
export type { Plan } from './graph/plan.ts';
export { printGraph, printPlan } from './graph/print.ts';
export { constant, type Dtype, input, type Operand, type Value } from './graph/value.ts';
export { type BlurOptions, gaussianBlur2d } from './nn/blur.ts';
export { clipFactor } from './nn/clipNorm.ts';
export { type CrossEntropyOptions, crossEntropy } from './nn/crossEntropy.ts';
export { dropout } from './nn/dropout.ts';
export {
  type Initializer,
  initialize,
  kaimingNormalFanOut,
  type NamedTensor,
  normal,
  ones,
  pytorchDefault,
  type StateDict,
  uniform,
  xavierUniform,
  zeros,
} from './nn/init.ts';
export { declare, type Layers, layersOf, type ParameterSpec, within } from './nn/layers.ts';
export { cosineSimilarity, globalCosineLoss, mseLoss, smoothL1Loss } from './nn/losses.ts';
export { type BatchNormState, batchNorm2d, batchNorm2dTrain, layerNorm } from './nn/norm.ts';
export { adamw, type OptimiserConfig, optimiserStep, settingsAt, sgd } from './nn/optimiser.ts';
export { logSoftmax, softmax } from './nn/softmax.ts';
export { topFractionMean } from './nn/topFraction.ts';
export { bindNetwork, networkLayout } from './nn/trainable.ts';
export type { Compiled, CompileOptions, OnDevice } from './runtime/compiledFunction.ts';
export { Engine, type EngineMemory, type EngineOptions } from './runtime/engine.ts';
export type { Optimiser } from './runtime/optimiser.ts';
export type { Tensor } from './runtime/tensor.ts';
export type { Shape } from './shape.ts';
