import type { Value } from '../graph/value.ts';
import { type Layers } from '../nn/layers.ts';
import { type Activation } from './blocks.ts';
import type { ResNetConfig } from './resnet.ts';
/**
 * A mirrored ResNet that regrows the encoder's features from the bottleneck (methods.md 4.3). Block counts are
 * the encoder's list read forwards, as in the original code. Returns g1, g2, g3, shaped like f1, f2, f3.
 */
export declare function reverseDecoder(layers: Layers, embedding: Value, config: ResNetConfig, activation?: Activation): [Value, Value, Value];
