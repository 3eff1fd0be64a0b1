import { concat } from '../graph/ops/movement.ts';
import { relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { type Layers, within } from '../nn/layers.ts';
import { refuseExtra } from '../options.ts';
import { conv, norm, residualBlock } from './blocks.ts';
import { type ResNetConfig, requireResNet } from './resnet.ts';

/**
 * One-class bottleneck embedding (methods.md 4.2): three scales brought to the deepest one's size,
 * concatenated, and reduced by a layer4-like stage. f1, f2, f3 -> [N, 8 base expansion, h3/2, w3/2].
 */
export function bottleneck(
  layers: Layers,
  features: readonly [Value, Value, Value],
  config: ResNetConfig,
  ...extra: never[]
): Value {
  refuseExtra('bottleneck', extra);
  requireResNet('bottleneck', config);
  const [f1, f2, f3] = features;
  const { base, expansion } = config;
  const half = (name: '1' | '2' | '3', x: Value, out: number): Value =>
    relu(norm(layers, `bn${name}`, conv(layers, `conv${name}`, x, out * expansion, 3, 2)));
  const a = half('2', half('1', f1, 2 * base), 4 * base);
  const b = half('3', f2, 4 * base);
  const joined = concat([a, b, f3], 1);
  return within(layers, 'bn_layer', (inner) => {
    let y = joined;
    for (let block = 0; block < config.blocks[3]; block++) {
      y = within(inner, String(block), (each) =>
        residualBlock(each, y, {
          planes: 8 * base,
          stride: block === 0 ? 2 : 1,
          width: 8 * base * config.widen,
          expansion,
        }),
      );
    }
    return y;
  });
}
