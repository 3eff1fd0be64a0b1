/** Layers: functions that ask `Layers` for their tensors, under PyTorch's names and from PyTorch's default start. */
export { type MultiHeadAttentionOptions, multiHeadAttention } from './modules/attention.ts';
export {
  type ConvLayerOptions,
  type ConvTransposeLayerOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from './modules/conv.ts';
export { dropout } from './modules/dropout.ts';
export { type EmbeddingOptions, embedding } from './modules/embedding.ts';
export { linear, type WeightOptions } from './modules/linear.ts';
export {
  batchNorm,
  groupNorm,
  instanceNorm,
  type LayerNormOptions,
  layerNorm,
  type NormLayerOptions,
} from './modules/norm.ts';
