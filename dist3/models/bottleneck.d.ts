import type { Value } from '../graph/value.ts';
import { type Layers } from '../nn/layers.ts';
import type { ResNetConfig } from './resnet.ts';
/**
 * One-class bottleneck embedding (methods.md 4.2): three scales brought to the deepest one's size,
 * concatenated, and reduced by a layer4-like stage. f1, f2, f3 -> [N, 8 base expansion, h3/2, w3/2].
 */
export declare function bottleneck(layers: Layers, features: readonly [Value, Value, Value], config: ResNetConfig): Value;
