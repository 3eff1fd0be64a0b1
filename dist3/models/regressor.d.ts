import type { Value } from '../graph/value.ts';
import { type Layers } from '../nn/layers.ts';
export interface AlignHeadConfig {
    /** 2 for the regressor (u, gamma), the number of classes for the classifier. */
    readonly outputs: number;
    /** Hidden width of the linear layers; default 256. */
    readonly hidden?: number;
    /** Default 0.25. */
    readonly dropout?: number;
    /** Side of the convolution's kernel, 1 or 3; default 1. */
    readonly kernel?: 1 | 3;
}
/**
 * CADA's head (methods.md 7.3): conv keeping the channels, BN, ReLU, pool, dropout, two linear layers.
 * Bottleneck feature [N, C, h, w] -> [N, outputs].
 */
export declare function alignHead(layers: Layers, feature: Value, config: AlignHeadConfig): Value;
