/** Networks made for phones and other small devices: EfficientNet-Lite, EfficientNet-B0 and MobileNetV3-Large. */
import { requireOneOf } from '../arguments.ts';
import { hardswish, relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { hardsigmoid } from '../nn/activations.ts';
import type { Layers } from '../nn/layers.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import { efficientnet, efficientnetLite, scaled } from './efficientnet.ts';
import {
  type Arithmetic,
  type InvertedBlock,
  type InvertedNetwork,
  invertedFeatures,
} from './invertedResiduals.ts';
import { type Normalisation, renormalised } from './normalised.ts';

/** Kernel, stride, filtered channels, output channels, whether channels are weighed, activation (Howard et al. 2019, table 1). */
const LARGE = [
  [[3, 1, 16, 16, false, relu]],
  [
    [3, 2, 64, 24, false, relu],
    [3, 1, 72, 24, false, relu],
  ],
  [
    [5, 2, 72, 40, true, relu],
    [5, 1, 120, 40, true, relu],
    [5, 1, 120, 40, true, relu],
  ],
  [
    [3, 2, 240, 80, false, hardswish],
    [3, 1, 200, 80, false, hardswish],
    [3, 1, 184, 80, false, hardswish],
    [3, 1, 184, 80, false, hardswish],
  ],
  [
    [3, 1, 480, 112, true, hardswish],
    [3, 1, 672, 112, true, hardswish],
  ],
] as const;

const mobilenetV3Large: InvertedNetwork = {
  stem: 16,
  activation: hardswish,
  squeeze: { activation: relu, gate: hardsigmoid },
  stages: LARGE.map((blocks) =>
    blocks.map(([kernel, stride, expanded, out, weighed, activation]): InvertedBlock => {
      const squeezed = weighed ? scaled(expanded, 1 / 4) : 0;
      return { kernel, stride, expanded, out, squeezed, activation };
    }),
  ),
  counted: 'through',
};

/** Stages 0 to 4 of each: what detectors read. */
export const MOBILE_NETWORKS = {
  'efficientnet-b0': efficientnet({ width: 1, depth: 1 }),
  'efficientnet-lite0': efficientnetLite({ width: 1, depth: 1 }),
  'efficientnet-lite1': efficientnetLite({ width: 1, depth: 1.1 }),
  'efficientnet-lite2': efficientnetLite({ width: 1.1, depth: 1.2 }),
  'efficientnet-lite3': efficientnetLite({ width: 1.2, depth: 1.4 }),
  'efficientnet-lite4': efficientnetLite({ width: 1.4, depth: 1.8 }),
  'mobilenet-v3-large': mobilenetV3Large,
} as const satisfies Record<string, InvertedNetwork>;

export interface MobileConfig extends Arithmetic {
  readonly network: keyof typeof MOBILE_NETWORKS;
  /** How the images were normalised that it was trained on; absent: as the images that networks get here. */
  readonly inputs?: Normalisation;
}

const MOBILE_CONFIG: OptionNames<MobileConfig> = {
  network: true,
  bnEps: true,
  padding: true,
  inputs: true,
};

const NORMALISATION: OptionNames<Normalisation> = { mean: true, std: true };

/** @throws ConfigError for an unknown name in the configuration. */
export function requireMobile(where: string, config: MobileConfig): void {
  requireOptions(`${where}: config`, config, MOBILE_CONFIG);
  requireOneOf(`${where}: config`, 'network', config.network, Object.keys(MOBILE_NETWORKS));
  if (config.inputs) requireOptions(`${where}: config: inputs`, config.inputs, NORMALISATION);
}

/** (x - 0.5) / 0.5: what timm gives to networks that come from TensorFlow. */
const HALVES: Normalisation = { mean: 0.5, std: 0.5 };
/** (x - 127) / 128 of bytes: what EfficientNet-Lite was trained with. */
const BYTES: Normalisation = { mean: 127 / 255, std: 128 / 255 };

/** Trained in TensorFlow, run by timm. */
const timmOfTensorflow = { bnEps: 1e-3, padding: 'same', inputs: HALVES } as const;
/**
 * The same as EfficientNet-PyTorch's descendants run it: padded for images of its own side, where that makes a
 * difference before stride 16 (not at 224 and 240 px).
 */
const tensorflow = <P extends MobileConfig['padding']>(padding: P) =>
  ({ bnEps: 1e-3, padding, inputs: BYTES }) as const;

export const MOBILES = {
  /** torchvision's, and timm's of the same name. */
  efficientnet_b0: { network: 'efficientnet-b0', bnEps: 1e-5, padding: 'symmetric' },
  /** TensorFlow's weights, of timm and of EfficientNet-PyTorch. */
  tf_efficientnet_b0: { network: 'efficientnet-b0', bnEps: 1e-3, padding: 'same' },
  tf_efficientnet_lite0: { network: 'efficientnet-lite0', ...timmOfTensorflow },
  tf_efficientnet_lite1: { network: 'efficientnet-lite1', ...timmOfTensorflow },
  tf_efficientnet_lite2: { network: 'efficientnet-lite2', ...timmOfTensorflow },
  tf_efficientnet_lite3: { network: 'efficientnet-lite3', ...timmOfTensorflow },
  tf_efficientnet_lite4: { network: 'efficientnet-lite4', ...timmOfTensorflow },
  /** Of efficientnet-lite-pytorch, which keeps TensorFlow's normalisation. */
  tf_efficientnet_lite0_127: { network: 'efficientnet-lite0', ...tensorflow('same') },
  tf_efficientnet_lite1_127: { network: 'efficientnet-lite1', ...tensorflow('same') },
  tf_efficientnet_lite2_127: { network: 'efficientnet-lite2', ...tensorflow('same260') },
  tf_efficientnet_lite3_127: { network: 'efficientnet-lite3', ...tensorflow('same280') },
  tf_efficientnet_lite4_127: { network: 'efficientnet-lite4', ...tensorflow('same300') },
  /** timm's own training. */
  efficientnet_lite0: { network: 'efficientnet-lite0', bnEps: 1e-5, padding: 'symmetric' },
  /** torchvision's. */
  mobilenet_v3_large: { network: 'mobilenet-v3-large', bnEps: 1e-3, padding: 'symmetric' },
  /** timm's. */
  mobilenetv3_large_100: { network: 'mobilenet-v3-large', bnEps: 1e-5, padding: 'symmetric' },
  /** TensorFlow's weights, of timm. */
  tf_mobilenetv3_large_100: { network: 'mobilenet-v3-large', ...timmOfTensorflow },
} as const satisfies Record<string, MobileConfig>;

export type MobileName = keyof typeof MOBILES;

/** Stages whose last block is tapped. */
export const MOBILE_TAPS = [
  { stage: 1, stride: 4 },
  { stage: 2, stride: 8 },
  { stage: 4, stride: 16 },
] as const;

/**
 * Images [N, 3, H, W], normalised as ImageNet's -> the outputs of stages 1, 2 and 4 at strides 4, 8 and 16. Evaluation
 * only, torchvision's names (EfficientNet's for the networks that torchvision lacks). H, W multiples of 32.
 */
export function mobileFeatures(layers: Layers, x: Value, config: MobileConfig): Value[] {
  const images = config.inputs ? renormalised(x, config.inputs) : x;
  const stages = MOBILE_TAPS.map(({ stage }) => stage);
  return invertedFeatures(layers, images, MOBILE_NETWORKS[config.network], config, stages);
}
