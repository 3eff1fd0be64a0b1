/** Networks as functions over values, under torchvision's names. */
// For the declarations: it says what values of each op know.
import '../graph/ops/index.ts';

export { bottleneck } from './bottleneck.ts';
export {
  decoderShapeOf,
  type EncoderConfig,
  encoderTaps,
  PRETRAINED_NAMES,
  type PretrainedName,
  pretrained,
  tapsAt,
} from './encoders/index.ts';
export { patchDescriptor, patchFeatures } from './patchDescriptor.ts';
export {
  type AlignHeadConfig,
  alignHead,
  HEAD_STRUCTURES,
  type HeadOptions,
  type HeadStructure,
} from './regressor.ts';
export {
  featureChannels,
  RESNETS,
  type ResNetConfig,
  type ResNetName,
  resnetClassifier,
  resnetFeatures,
} from './resnet.ts';
export { type DecoderShape, outputHeads, reverseDecoder } from './reverseDecoder.ts';
export {
  decoderLayer,
  encoderLayer,
  projection,
  type TransformerConfig,
} from './transformer.ts';
export { discriminativeNet, reconstructiveNet } from './unet.ts';
export { alignedFeatures, neighboursOf, reconstruct } from './uniad.ts';
