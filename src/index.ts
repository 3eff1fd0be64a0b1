/** The engine: tensors, ops, derivatives, optimisers. Models, methods, data and metrics have entries of their own. */
// For the declarations: it says what values of each op know.
import './graph/ops/index.ts';

export { type Gradients, grad, type ValueAndGradOptions, valueAndGrad } from './autograd/reverse.ts';
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
export { toSafetensors } from './formats/safetensorsBytes.ts';
export * from './functions.ts';
export { type AdapterDescription, listAdapters, type OpenOptions } from './gpu/open.ts';
export type { Graph } from './graph/graph.ts';
export type { KernelDtype, OwnKernel, OwnKernelCall } from './graph/ops/ownKernel.ts';
export type { UpdateRule } from './graph/ops/update.ts';
export { constant, type Dtype, input, type Operand, type Value } from './graph/value.ts';
export type { Kernel } from './kernels/kernel.ts';
export {
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
export { declare, type Layers, layersOf, splitState, within } from './nn/layers.ts';
export { adam, adamw, lion, type OptimiserConfig, optimiserStep, settingsAt, sgd } from './nn/optimiser.ts';
export type { Initializer, ParameterSpec } from './nn/parameterSpec.ts';
export { cosineRate, oneCycleRate, type RateSchedule, stepRate, warmUp } from './nn/schedule.ts';
export { bindNetwork, networkLayout } from './nn/trainable.ts';
export { buildPlan } from './plan/buildPlan.ts';
export type { Plan } from './plan/plan.ts';
export { printGraph, printKernel, printPlan } from './plan/print.ts';
export type { CheckGradientsOptions, GradientCheck } from './runtime/checkGradients.ts';
export type { Compiled, CompileOptions, OnDevice } from './runtime/compiledFunction.ts';
export { Engine, type EngineMemory, type EngineOptions } from './runtime/engine.ts';
export type { Optimiser } from './runtime/optimiser.ts';
export type { Tensor } from './runtime/tensor.ts';
export type { Shape } from './shape.ts';
