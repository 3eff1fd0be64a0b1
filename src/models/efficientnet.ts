import { relu6, sigmoid, silu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import type { Layers } from '../nn/layers.ts';
import { type OptionNames, requireOptions } from '../options.ts';
import type { Activation } from './blocks.ts';
import {
  type Arithmetic,
  type InvertedBlock,
  type InvertedNetwork,
  invertedFeatures,
} from './invertedResiduals.ts';

/**
 * The two lineages of published EfficientNet-B4 weights need different arithmetic (weights.md 3.3). `padding` is
 * `symmetric` (k - 1) / 2, `same` for the actual size, or `same380`: same for 380 px and kept for every size.
 */
export type EfficientNetConfig = Arithmetic;

const EFFICIENTNET_CONFIG: OptionNames<EfficientNetConfig> = { bnEps: true, padding: true };

/** @throws ConfigError for an unknown name in the configuration. */
export const requireEfficientnet = (where: string, config: EfficientNetConfig): void =>
  requireOptions(`${where}: config`, config, EFFICIENTNET_CONFIG);

export const EFFICIENTNETS = {
  /** torchvision's and timm's `efficientnet_b4`. */
  efficientnet_b4: { bnEps: 1e-5, padding: 'symmetric' },
  /** The TensorFlow weights as EfficientNet-PyTorch and UniAD run them. */
  efficientnet_b4_same380: { bnEps: 1e-3, padding: 'same380' },
  /** The same weights as timm's `tf_efficientnet_b4` runs them. */
  efficientnet_b4_same: { bnEps: 1e-3, padding: 'same' },
} as const satisfies Record<string, EfficientNetConfig>;

export type EfficientNetName = keyof typeof EFFICIENTNETS;

/** Stages 0 to 4 of EfficientNet-B0: what detectors read. The others follow from it by factors. */
const B0 = [
  { kernel: 3, stride: 1, expand: 1, out: 16, blocks: 1 },
  { kernel: 3, stride: 2, expand: 6, out: 24, blocks: 2 },
  { kernel: 5, stride: 2, expand: 6, out: 40, blocks: 2 },
  { kernel: 3, stride: 2, expand: 6, out: 80, blocks: 3 },
  { kernel: 5, stride: 1, expand: 6, out: 112, blocks: 3 },
] as const;
const STEM = 32;

/** Factors of channels and blocks. */
export interface Scaling {
  readonly width: number;
  readonly depth: number;
}

/** EfficientNet (Tan and Le 2019) as it is scaled from B0: SiLU, and channels weighed in every block. */
export const efficientnet = (scaling: Scaling): InvertedNetwork =>
  networkOf(scaling, {
    stem: scaled(STEM, scaling.width),
    firstBlocks: scaledBlocks(B0[0].blocks, scaling.depth),
    activation: silu,
    squeezed: (channels) => Math.max(1, Math.floor(channels / 4)),
  });

/** EfficientNet-Lite: ReLU6, channels not weighed; the stem and the number of blocks in stage 0 stay B0's. */
export const efficientnetLite = (scaling: Scaling): InvertedNetwork =>
  networkOf(scaling, { stem: STEM, firstBlocks: B0[0].blocks, activation: relu6, squeezed: () => 0 });

interface Kind {
  readonly stem: number;
  /** Blocks in stage 0. */
  readonly firstBlocks: number;
  readonly activation: Activation;
  /** Channels that the weights of a block's channels are made from, by the channels of its input; 0: not weighed. */
  squeezed(channels: number): number;
}

function networkOf({ width, depth }: Scaling, kind: Kind): InvertedNetwork {
  const { stem, firstBlocks, activation } = kind;
  let channels = stem;
  const stages = B0.map(({ kernel, stride, expand, out, blocks }, stage) => {
    const count = stage === 0 ? firstBlocks : scaledBlocks(blocks, depth);
    return Array.from({ length: count }, (_, i): InvertedBlock => {
      const [expanded, squeezed] = [channels * expand, kind.squeezed(channels)];
      channels = scaled(out, width);
      return { kernel, stride: i === 0 ? stride : 1, expanded, out: channels, squeezed, activation };
    });
  });
  return { stem, activation, squeeze: { activation: silu, gate: sigmoid }, stages, counted: 'by stage' };
}

const scaledBlocks = (blocks: number, factor: number): number => Math.ceil(blocks * factor);

/** Channels times a factor, as a multiple of 8 that is at least nine tenths of it. */
export function scaled(channels: number, factor: number): number {
  const wanted = channels * factor;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

export const EFFICIENTNET_B4 = efficientnet({ width: 1.4, depth: 1.8 });

/** Stages whose last block is tapped: blocks 1, 5, 9 and 21 of EfficientNet-B4. */
const TAPPED = [0, 1, 2, 4];

/**
 * Images [N, 3, H, W], normalised -> the outputs of blocks 1, 5, 9, 21 of EfficientNet-B4 at strides 2, 4, 8, 16: 24, 32,
 * 56 and 160 channels. Evaluation only, torchvision's names. H, W multiples of 32.
 */
export const efficientnetFeatures = (layers: Layers, x: Value, config: EfficientNetConfig): Value[] =>
  invertedFeatures(layers, x, EFFICIENTNET_B4, config, TAPPED);
