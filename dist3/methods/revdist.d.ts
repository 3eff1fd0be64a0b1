import { type Value } from '../graph/value.ts';
import { type ResNetConfig } from '../models/resnet.ts';
import { type Layers, type ParameterSpec } from '../nn/layers.ts';
/** Features at strides 4, 8 and 16. */
export type Scales = [Value, Value, Value];
/** Tensors of the frozen encoder (`encoder.*`) and of what is trained (`bottleneck.*`, `decoder.*`). */
export declare function revdistSpecs(config: ResNetConfig): {
    frozen: ParameterSpec[];
    trained: ParameterSpec[];
};
/** Images [N, 3, S, S] -> the encoder's features at strides 4, 8, 16. */
export declare const encode: (layers: Layers, images: Value, config: ResNetConfig) => Scales;
/** The bottleneck's feature, and the encoder's features as the decoder rebuilds them from it. */
export declare function rebuild(layers: Layers, features: Scales, config: ResNetConfig): {
    embedding: Value;
    rebuilt: Scales;
};
/** Sum over the scales of one cosine distance per sample, mean over the batch (methods.md 4.4). */
export declare const revdistLoss: (features: Scales, rebuilt: Scales) => Value;
/** Mean over the scales of 1 - cos, each resized to `size` with aligned corners: [N, 1, size, size]. */
export declare function anomalyMap(features: Scales, rebuilt: Scales, size: number): Value;
/** The paper's settings; the schedule where it is silent is the author's (methods.md 4.1). */
export declare const REVDIST_DEFAULTS: {
    readonly size: 256;
    readonly batch: 16;
    readonly iterations: 5000;
    readonly optimiser: {
        readonly kind: 'adamw';
        readonly lr: 0.002;
        readonly betas: readonly [0.9, 0.999];
        readonly eps: 1e-8;
        readonly weightDecay: 0.00001;
        readonly amsgrad: false;
    };
    /** The learning rate falls to a fifth at 80 % of the iterations. */
    readonly dropAt: 0.8;
    readonly dropTo: 0.2;
    /** Smooth-L1's threshold for the regressor: fits the mean of three cosine maps. */
    readonly alignAlpha: 0.1;
};
/** The learning rate at `step` of `iterations`. */
export declare const revdistRate: (step: number, iterations: number, lr: number) => number;
