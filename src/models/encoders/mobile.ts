import { type EfficientNetNaming, namingOf, torchvisionName } from '../efficientnetNames.ts';
import {
  MOBILE_NETWORKS,
  MOBILE_TAPS,
  MOBILES,
  type MobileConfig,
  type MobileName,
  mobileFeatures,
  requireMobile,
} from '../mobile.ts';
import type { EncoderFamilyRecord, PublishedNames } from './family.ts';

/** timm's names do not tell its own trainings from those that come from TensorFlow. */
const PUBLISHERS: Readonly<Record<MobileName, readonly EfficientNetNaming[]>> = {
  efficientnet_b0: ['torchvision', 'timm'],
  tf_efficientnet_b0: ['efficientnet-pytorch', 'timm'],
  tf_efficientnet_lite0: ['timm'],
  tf_efficientnet_lite1: ['timm'],
  tf_efficientnet_lite2: ['timm'],
  tf_efficientnet_lite3: ['timm'],
  tf_efficientnet_lite4: ['timm'],
  tf_efficientnet_lite0_127: ['efficientnet-pytorch'],
  tf_efficientnet_lite1_127: ['efficientnet-pytorch'],
  tf_efficientnet_lite2_127: ['efficientnet-pytorch'],
  tf_efficientnet_lite3_127: ['efficientnet-pytorch'],
  tf_efficientnet_lite4_127: ['efficientnet-pytorch'],
  efficientnet_lite0: ['timm'],
  mobilenet_v3_large: ['torchvision'],
  mobilenetv3_large_100: ['timm'],
  tf_mobilenetv3_large_100: ['timm'],
};

const published: PublishedNames<MobileConfig, MobileName, EfficientNetNaming> = {
  lacking:
    'no EfficientNet or MobileNetV3: no tensor features.0.0.weight, conv_stem.weight or _conv_stem.weight',
  publisherOf: namingOf,
  publishers: PUBLISHERS,
  own: 'torchvision',
  ownName: (name, naming, { network }) => torchvisionName(name, naming, MOBILE_NETWORKS[network]),
  networkOf: ({ network }) => network,
  generalName: (name) => name.replace('_127', '') as MobileName,
  lineageNote: ({ padding, bnEps, inputs }) => ({
    padding,
    bn_eps: String(bnEps),
    ...(inputs && { input_mean: String(inputs.mean), input_std: String(inputs.std) }),
  }),
};

/** Small networks with taps at strides 4, 8 and 16, with the arithmetic that each of their published weights needs. */
export const mobile: EncoderFamilyRecord<MobileConfig, MobileName> = {
  members: MOBILES,
  taps: MOBILE_TAPS.map(({ stage, stride }) => ({ name: `stage${stage}`, stride })),
  requireConfig: requireMobile,
  features: mobileFeatures,
  anchors: [['features.0.0.weight'], ['_conv_stem.weight'], ['conv_stem.weight']],
  published,
};
