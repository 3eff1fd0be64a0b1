import { gelu, relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';
import { kaimingNormalFanOut, uniformFanIn } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';
import { residualBlock, upsamplingBlock } from './blocks.ts';
import type { DecoderActivation } from './resnet.ts';

/** What bottleneck and decoder have beside the channels, which are those of the encoder's taps. */
export interface DecoderShape {
  /** Residual blocks in the decoder's layers 1 to 3, deepest first, and in the bottleneck. */
  readonly blocks: readonly [number, number, number, number];
  /** 1 for blocks of two 3x3, 4 for those of 1x1, 3x3, 1x1, whose middle is narrower. */
  readonly expansion: 1 | 4;
  /** Middle channels of the latter as a multiple of their planes. */
  readonly widen: number;
  /** Default gelu. */
  readonly activation?: DecoderActivation;
  /**
   * The encoder's features have either sign, which no activation leaves: each layer returns its sum as it is, and the
   * next one reads that through the activation. Default false: features of a ResNet, which are not negative.
   */
  readonly signed?: boolean;
}

const DECODER_SHAPE: OptionNames<DecoderShape> = {
  blocks: true,
  expansion: true,
  widen: true,
  activation: true,
  signed: true,
};

/** @throws ConfigError for an unknown name. */
export const requireDecoderShape = (where: string, shape: DecoderShape): void =>
  requireOptions(`${where}: shape`, shape, DECODER_SHAPE);

/** What an encoder gets that is no ResNet: one block of two 3x3 in each stage (docs/methods.md). */
export const PLAIN_DECODER: DecoderShape = { blocks: [1, 1, 1, 1], expansion: 1, widen: 1, signed: true };

/**
 * A mirrored ResNet that regrows the encoder's features from the bottleneck (methods.md 4.3). Block counts are
 * the encoder's list read forwards, as in the original code.
 * @param channels of the encoder's features, finest first. @returns g1, g2, g3, shaped like them
 */
export function reverseDecoder(
  layers: Layers,
  embedding: Value,
  channels: readonly [number, number, number],
  shape: DecoderShape,
  ...extra: never[]
): [Value, Value, Value] {
  refuseExtra('reverseDecoder', extra);
  requireDecoderShape('reverseDecoder', shape);
  const { blocks, expansion, widen, signed = false } = shape;
  const activation = shape.activation === 'relu' ? relu : gelu;
  const stage = (index: 1 | 2 | 3, x: Value): Value => {
    const planes = channels[3 - index]! / expansion;
    const options = { planes, width: planes * widen, expansion, activation };
    return within(layers, `layer${index}`, (inner) => {
      const last = blocks[index - 1]! - 1;
      const open = (block: number): boolean => signed && block === last;
      let y = within(inner, '0', (each) => upsamplingBlock(each, x, { ...options, open: open(0) }));
      for (let block = 1; block <= last; block++) {
        const own = { ...options, stride: 1, open: open(block) };
        y = within(inner, String(block), (each) => residualBlock(each, y, own));
      }
      return y;
    });
  };
  const activated = (x: Value): Value => (signed ? activation(x) : x);
  const g3 = stage(1, embedding);
  const g2 = stage(2, activated(g3));
  return [stage(3, activated(g2)), g2, g3];
}

/**
 * One set of ReContrast's output heads over a decoder's results: at each scale conv 1x1 with bias, channels kept
 * (methods.md 5.1). Tensors `out{1,2,3}.{set}.*`.
 */
export function outputHeads(
  layers: Layers,
  [g1, g2, g3]: readonly [Value, Value, Value],
  set: 0 | 1,
  ...extra: never[]
): [Value, Value, Value] {
  refuseExtra('outputHeads', extra);
  const one = (index: 1 | 2 | 3, x: Value): Value =>
    within(layers, `out${index}.${set}`, (inner) => {
      const channels = x.shape[1]!;
      const weight = inner.parameter('weight', [channels, channels, 1, 1], kaimingNormalFanOut);
      return conv2d(x, weight, { bias: inner.parameter('bias', [channels], uniformFanIn(channels)) });
    });
  return [one(1, g1), one(2, g2), one(3, g3)];
}
