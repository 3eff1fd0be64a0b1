import { requireOneOf } from '../arguments.ts';
import type { Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';
import { pytorchDefault, zeros } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import { RESNETS, type ResNetName, resnetFeatures } from './resnet.ts';

/** A ResNet that learned another network's features. */
export interface AdaptedConfig {
  readonly trunk: ResNetName;
  /** Channels of the other network's taps, which adapters make of the trunk's. */
  readonly channels: readonly [number, number, number];
}

const ADAPTED_CONFIG: OptionNames<AdaptedConfig> = { trunk: true, channels: true };

/** @throws ConfigError for an unknown name in the configuration. */
export function requireAdapted(where: string, config: AdaptedConfig): void {
  requireOptions(`${where}: config`, config, ADAPTED_CONFIG);
  requireOneOf(`${where}: config`, 'trunk', config.trunk, Object.keys(RESNETS));
}

export const ADAPTED = {
  /** Gives EfficientNet-Lite0's features; its weights ship with the package. See docs/encoder.md. */
  resnet18_w32_distilled: { trunk: 'resnet18_w32', channels: [24, 40, 112] },
} as const satisfies Record<string, AdaptedConfig>;

/** A key of `ADAPTED`. */
export type AdaptedName = keyof typeof ADAPTED;

/**
 * Images [N, 3, H, W], normalised -> three taps at strides 4, 8 and 16 with `config.channels` channels of either sign, as the
 * other network would give them. H, W multiples of 32.
 */
export const adaptedFeatures = (layers: Layers, x: Value, config: AdaptedConfig): Value[] =>
  adapted(layers, resnetFeatures(layers, x, RESNETS[config.trunk]), config.channels);

/** What the adapters `adapter{1,2,3}`, 1x1 convolutions with bias, make of taps. */
export const adapted = (layers: Layers, taps: readonly Value[], channels: readonly number[]): Value[] =>
  taps.map((tap, i) =>
    within(layers, `adapter${i + 1}`, (inner) => {
      const out = channels[i]!;
      const weight = inner.parameter('weight', [out, tap.shape[1]!, 1, 1], pytorchDefault);
      return conv2d(tap, weight, { bias: inner.parameter('bias', [out], zeros) });
    }),
  );
