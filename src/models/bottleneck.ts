import { concat } from '../graph/ops/movement.ts';
import { relu } from '../graph/ops/pointwise.ts';
import type { Value } from '../graph/value.ts';
import { type Layers, within } from '../nn/layers.ts';
import { refuseExtra } from '../options.ts';
import { conv, norm, residualBlock } from './blocks.ts';
import { type DecoderShape, requireDecoderShape } from './reverseDecoder.ts';

/**
 * One-class bottleneck embedding (methods.md 4.2): three scales brought to the deepest one's size and channels,
 * concatenated, and reduced by a stage that doubles the channels, as layer4 of a ResNet does.
 * f1, f2, f3 [N, c, h, w] -> [N, 2 c3, h3/2, w3/2].
 */
export function bottleneck(
  layers: Layers,
  features: readonly [Value, Value, Value],
  shape: DecoderShape,
  ...extra: never[]
): Value {
  refuseExtra('bottleneck', extra);
  requireDecoderShape('bottleneck', shape);
  const [f1, f2, f3] = features;
  const { blocks, expansion, widen } = shape;
  const [, c2, c3] = features.map((feature) => feature.shape[1]!) as [number, number, number];
  const half = (name: '1' | '2' | '3', x: Value, out: number): Value =>
    relu(norm(layers, `bn${name}`, conv(layers, `conv${name}`, x, out, 3, 2)));
  const a = half('2', half('1', f1, c2), c3);
  const b = half('3', f2, c3);
  const joined = concat([a, b, f3], 1);
  const planes = (2 * c3) / expansion;
  return within(layers, 'bn_layer', (inner) => {
    let y = joined;
    for (let block = 0; block < blocks[3]; block++) {
      const stride = block === 0 ? 2 : 1;
      y = within(inner, String(block), (each) =>
        residualBlock(each, y, { planes, stride, width: planes * widen, expansion }),
      );
    }
    return y;
  });
}
