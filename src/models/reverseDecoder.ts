import { gelu, relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { conv2d } from '../nn/conv.ts';
import { kaimingNormalFanOut, uniformFanIn } from '../nn/init.ts';
import { type Layers, within } from '../nn/layers.ts';
import { refuseExtra } from '../options.ts';
import { residualBlock, upsamplingBlock } from './blocks.ts';
import { type ResNetConfig, requireResNet } from './resnet.ts';

/**
 * A mirrored ResNet that regrows the encoder's features from the bottleneck (methods.md 4.3). Block counts are
 * the encoder's list read forwards, as in the original code. Returns g1, g2, g3, shaped like f1, f2, f3.
 */
export function reverseDecoder(
  layers: Layers,
  embedding: Value,
  config: ResNetConfig,
  ...extra: never[]
): [Value, Value, Value] {
  refuseExtra('reverseDecoder', extra);
  requireResNet('reverseDecoder', config);
  const activation = config.decoderActivation === 'relu' ? relu : gelu;
  const stage = (index: 1 | 2 | 3, x: Value): Value => {
    const planes = config.base * 2 ** (3 - index);
    const shape = { planes, width: planes * config.widen, expansion: config.expansion, activation };
    return within(layers, `layer${index}`, (inner) => {
      let y = within(inner, '0', (each) => upsamplingBlock(each, x, shape));
      for (let block = 1; block < config.blocks[index - 1]!; block++) {
        y = within(inner, String(block), (each) => residualBlock(each, y, { ...shape, stride: 1 }));
      }
      return y;
    });
  };
  const g3 = stage(1, embedding);
  const g2 = stage(2, g3);
  return [stage(3, g2), g2, g3];
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
