import { relu } from '../graph/ops/pointwise.ts';
import { maxPool2d } from '../graph/ops/pool.ts';
import type { Value } from '../graph/value.ts';
import { type Layers, within } from '../nn/layers.ts';
import { linear } from '../nn/modules/linear.ts';
import { globalAvgPool2d } from '../nn/pool.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { conv, norm, residualBlock } from './blocks.ts';

/** One member of the ResNet family (torchvision's layout, stride in the 3x3). */
export interface ResNetConfig {
  /** Channels of layer1 before expansion; 64 in all published ones. */
  readonly base: number;
  /** Blocks in layers 1 to 4. */
  readonly blocks: readonly [number, number, number, number];
  /** Output channels of a block as a multiple of its planes: 1 for basic blocks, 4 for bottlenecks. */
  readonly expansion: 1 | 4;
  /** Middle channels of a bottleneck block as a multiple of its planes: 2 for wide_resnet50_2. */
  readonly widen: number;
  /** Activation of the reverse decoder after it; default gelu. */
  readonly decoderActivation?: DecoderActivation;
}

const RESNET_CONFIG: OptionNames<ResNetConfig> = {
  base: true,
  blocks: true,
  expansion: true,
  widen: true,
  decoderActivation: true,
};

/** @throws ConfigError for an unknown name in the configuration. */
export const requireResNet = (where: string, config: ResNetConfig): void =>
  requireOptions(`${where}: config`, config, RESNET_CONFIG);

/** The paper's, and that of RD4AD's published checkpoints. */
export const DECODER_ACTIVATIONS = ['gelu', 'relu'] as const;
export type DecoderActivation = (typeof DECODER_ACTIVATIONS)[number];

/** torchvision's ResNets that the methods read, and two narrow ones of ours. */
export const RESNETS = {
  resnet18: { base: 64, blocks: [2, 2, 2, 2], expansion: 1, widen: 1 },
  resnet34: { base: 64, blocks: [3, 4, 6, 3], expansion: 1, widen: 1 },
  resnet50: { base: 64, blocks: [3, 4, 6, 3], expansion: 4, widen: 1 },
  wide_resnet50_2: { base: 64, blocks: [3, 4, 6, 3], expansion: 4, widen: 2 },
  /** A quarter of resnet18's channels; its weights ship with the package. See docs/encoder.md. */
  resnet18_w16: { base: 16, blocks: [2, 2, 2, 2], expansion: 1, widen: 1 },
  /** Half of resnet18's channels. */
  resnet18_w32: { base: 32, blocks: [2, 2, 2, 2], expansion: 1, widen: 1 },
} as const satisfies Record<string, ResNetConfig>;

/** A key of `RESNETS`. */
export type ResNetName = keyof typeof RESNETS;

/** Output channels of layers 1 to 3. */
export const featureChannels = (config: ResNetConfig, ...extra: never[]): [number, number, number] => {
  refuseExtra('featureChannels', extra);
  requireResNet('featureChannels', config);
  const { base, expansion } = config;
  return [base * expansion, 2 * base * expansion, 4 * base * expansion];
};

/** Images [N, 3, H, W], normalised -> features of layers 1, 2, 3 at strides 4, 8, 16. H, W multiples of 32. */
export function resnetFeatures(
  layers: Layers,
  x: Value,
  config: ResNetConfig,
  ...extra: never[]
): [Value, Value, Value] {
  refuseExtra('resnetFeatures', extra);
  requireResNet('resnetFeatures', config);
  const stem = maxPool2d(relu(norm(layers, 'bn1', conv(layers, 'conv1', x, config.base, 7, 2))), {
    kernel: 3,
    stride: 2,
    padding: 1,
  });
  const f1 = resnetLayer(layers, 1, stem, config);
  const f2 = resnetLayer(layers, 2, f1, config);
  return [f1, f2, resnetLayer(layers, 3, f2, config)];
}

/** The classifier that the encoders come from: images as above -> logits [N, classes], ImageNet's 1000 by default. */
export function resnetClassifier(
  layers: Layers,
  x: Value,
  config: ResNetConfig,
  classes = 1000,
  ...extra: never[]
): Value {
  refuseExtra('resnetClassifier', extra);
  const [, , f3] = resnetFeatures(layers, x, config);
  return linear(layers, 'fc', globalAvgPool2d(resnetLayer(layers, 4, f3, config)), classes);
}

/** One of the four stages. */
export function resnetLayer(layers: Layers, stage: 1 | 2 | 3 | 4, x: Value, config: ResNetConfig): Value {
  const planes = config.base * 2 ** (stage - 1);
  return within(layers, `layer${stage}`, (inner) => {
    let y = x;
    for (let block = 0; block < config.blocks[stage - 1]!; block++) {
      const stride = block === 0 && stage > 1 ? 2 : 1;
      y = within(inner, String(block), (each) =>
        residualBlock(each, y, {
          planes,
          stride,
          width: planes * config.widen,
          expansion: config.expansion,
        }),
      );
    }
    return y;
  });
}
