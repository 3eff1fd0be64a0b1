import type { Value } from '../graph/value.ts';
import { type Layers } from '../nn/layers.ts';
/** One member of the ResNet family (torchvision's layout, stride in the 3x3). */
export interface ResNetConfig {
    /** Channels of layer1 before expansion; 64 in all published ones. */
    readonly base: number;
    readonly blocks: readonly [number, number, number, number];
    readonly expansion: 1 | 4;
    /** Middle channels of a bottleneck block as a multiple of its planes: 2 for wide_resnet50_2. */
    readonly widen: number;
}
export declare const RESNETS: {
    readonly resnet18: {
        readonly base: 64;
        readonly blocks: readonly [2, 2, 2, 2];
        readonly expansion: 1;
        readonly widen: 1;
    };
    readonly resnet34: {
        readonly base: 64;
        readonly blocks: readonly [3, 4, 6, 3];
        readonly expansion: 1;
        readonly widen: 1;
    };
    readonly resnet50: {
        readonly base: 64;
        readonly blocks: readonly [3, 4, 6, 3];
        readonly expansion: 4;
        readonly widen: 1;
    };
    readonly wide_resnet50_2: {
        readonly base: 64;
        readonly blocks: readonly [3, 4, 6, 3];
        readonly expansion: 4;
        readonly widen: 2;
    };
    /** A quarter of resnet18's channels; its weights ship with the package. See docs/encoder.md. */
    readonly resnet18_w16: {
        readonly base: 16;
        readonly blocks: readonly [2, 2, 2, 2];
        readonly expansion: 1;
        readonly widen: 1;
    };
    /** Half of resnet18's channels. */
    readonly resnet18_w32: {
        readonly base: 32;
        readonly blocks: readonly [2, 2, 2, 2];
        readonly expansion: 1;
        readonly widen: 1;
    };
};
export type ResNetName = keyof typeof RESNETS;
/** Output channels of layers 1 to 3. */
export declare const featureChannels: ({ base, expansion }: ResNetConfig) => [number, number, number];
/** Images [N, 3, H, W], normalised -> features of layers 1, 2, 3 at strides 4, 8, 16. H, W multiples of 32. */
export declare function resnetFeatures(layers: Layers, x: Value, config: ResNetConfig): [Value, Value, Value];
/** One of the four stages. */
export declare function resnetLayer(layers: Layers, stage: 1 | 2 | 3 | 4, x: Value, config: ResNetConfig): Value;
