import { requireOneOf } from '../arguments.ts';
import type { Value } from '../graph/value.ts';
import { type Layers, within } from '../nn/layers.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import {
  EFFICIENTNETS,
  type EfficientNetConfig,
  type EfficientNetName,
  efficientnetFeatures,
  requireEfficientnet,
} from './efficientnet.ts';
import { RESNETS, type ResNetConfig, type ResNetName, requireResNet, resnetFeatures } from './resnet.ts';

/** A pre-trained network that detectors read features of. */
export type EncoderConfig =
  | { readonly family: 'resnet'; readonly config: ResNetConfig }
  | { readonly family: 'efficientnet'; readonly config: EfficientNetConfig };
export type EncoderFamily = EncoderConfig['family'];

const ENCODER_CONFIG: OptionNames<EncoderConfig> = { family: true, config: true };

/** @throws ConfigError for a name that no encoder's description has. */
export function requireEncoder(where: string, encoder: EncoderConfig): void {
  requireOptions(`${where}: encoder`, encoder, ENCODER_CONFIG);
  if (encoder.family === 'resnet') requireResNet(`${where}: encoder`, encoder.config);
  else requireEfficientnet(`${where}: encoder`, encoder.config);
}

/** A ResNet, or EfficientNet-B4 with the arithmetic that one of its published weights needs. */
export type PretrainedName = ResNetName | EfficientNetName;

/** What fixes the network of that name; its weights are the caller's to read. @throws ConfigError for an unknown one. */
export function pretrained(name: PretrainedName, ...extra: never[]): EncoderConfig {
  refuseExtra('pretrained', extra);
  requireOneOf('pretrained', 'name', name, PRETRAINED_NAMES);
  if (isEfficientnet(name)) return { family: 'efficientnet', config: EFFICIENTNETS[name] };
  return { family: 'resnet', config: RESNETS[name] };
}

const isEfficientnet = (name: PretrainedName): name is EfficientNetName => Object.hasOwn(EFFICIENTNETS, name);

/** All that `pretrained` knows. */
export const PRETRAINED_NAMES = [...Object.keys(RESNETS), ...Object.keys(EFFICIENTNETS)] as PretrainedName[];

/**
 * Images [N, 3, H, W], normalised -> feature maps, finest first, of the encoder whose tensors are called `name.*`: a
 * ResNet's layers 1 to 3 (strides 4, 8, 16), EfficientNet-B4's blocks 1, 5, 9, 21 (strides 2, 4, 8, 16).
 */
export const encoderTaps = (
  layers: Layers,
  images: Value,
  encoder: EncoderConfig,
  name = 'encoder',
  ...extra: never[]
): Value[] => {
  refuseExtra('encoderTaps', extra);
  requireEncoder('encoderTaps', encoder);
  return within(layers, name, (inner) =>
    encoder.family === 'resnet'
      ? resnetFeatures(inner, images, encoder.config)
      : efficientnetFeatures(inner, images, encoder.config),
  );
};
