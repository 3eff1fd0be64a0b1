import { RESNETS, type ResNetConfig, type ResNetName, requireResNet, resnetFeatures } from '../resnet.ts';
import type { EncoderFamilyRecord } from './family.ts';

/** torchvision's ResNets, and narrow ones of ours. timm calls their tensors the same. */
export const resnet: EncoderFamilyRecord<ResNetConfig, ResNetName> = {
  members: RESNETS,
  taps: [
    { name: 'layer1', stride: 4 },
    { name: 'layer2', stride: 8 },
    { name: 'layer3', stride: 16 },
  ],
  requireConfig: requireResNet,
  features: resnetFeatures,
  decoderShape: ({ blocks, expansion, widen, decoderActivation }) => ({
    blocks,
    expansion,
    widen,
    activation: decoderActivation,
  }),
  withDecoder: (config, decoderActivation) => ({ ...config, decoderActivation }),
  anchors: [['conv1.weight', 'layer1.0.conv1.weight']],
};
