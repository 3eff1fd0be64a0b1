import {
  EFFICIENTNET_B4,
  EFFICIENTNETS,
  type EfficientNetConfig,
  type EfficientNetName,
  efficientnetFeatures,
  requireEfficientnet,
} from '../efficientnet.ts';
import { type EfficientNetNaming, namingOf, torchvisionName } from '../efficientnetNames.ts';
import type { EncoderFamilyRecord, PublishedNames } from './family.ts';

const published: PublishedNames<EfficientNetConfig, EfficientNetName, EfficientNetNaming> = {
  lacking: 'no EfficientNet: no tensor features.0.0.weight',
  publisherOf: namingOf,
  publishers: {
    efficientnet_b4: ['torchvision', 'timm'],
    efficientnet_b4_same380: ['efficientnet-pytorch'],
    efficientnet_b4_same: ['timm'],
  },
  own: 'torchvision',
  ownName: (name, naming) => torchvisionName(name, naming, EFFICIENTNET_B4),
  networkOf: () => 'efficientnet-b4',
  generalName: () => 'efficientnet_b4',
  unsaid: {
    message: 'does not say whether it is efficientnet_b4 or tf_efficientnet_b4',
    fix: 'wgad weights convert it with --padding symmetric (efficientnet_b4) or same (tf_efficientnet_b4)',
  },
  lineageNote: ({ padding, bnEps }) => ({ padding, bn_eps: String(bnEps) }),
};

/** EfficientNet-B4 with the arithmetic that each of its published weights needs; under torchvision's names. */
export const efficientnet: EncoderFamilyRecord<EfficientNetConfig, EfficientNetName> = {
  members: EFFICIENTNETS,
  taps: [
    { name: 'block1', stride: 2 },
    { name: 'block5', stride: 4 },
    { name: 'block9', stride: 8 },
    { name: 'block21', stride: 16 },
  ],
  requireConfig: requireEfficientnet,
  features: efficientnetFeatures,
  anchors: [['features.0.0.weight'], ['_conv_stem.weight'], ['conv_stem.weight']],
  published,
};
