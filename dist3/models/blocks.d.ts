import type { Value } from '../graph/value.ts';
import { type Layers } from '../nn/layers.ts';
export type Activation = (x: Value) => Value;
/** conv k x k without bias, "same" padding for odd k: [N, C, H, W] -> [N, out, H/stride, W/stride]. */
export declare function conv(layers: Layers, name: string, x: Value, out: number, kernel: number, stride?: number): Value;
/** Transposed convolution 2x2, stride 2, no bias: doubles both sides. Keeps PyTorch's default start. */
export declare function upConv(layers: Layers, name: string, x: Value, out: number): Value;
/** Batch norm, eps 1e-5. Training: batch statistics, which it reports for the running ones (momentum 0.1). */
export declare function norm(layers: Layers, name: string, x: Value): Value;
/** A block's shape: its output channels are `planes * expansion`. */
export interface BlockOptions {
    readonly planes: number;
    readonly stride: number;
    /** Middle channels of a bottleneck block. */
    readonly width: number;
    readonly expansion: 1 | 4;
    readonly activation?: Activation;
}
/** The residual block of ResNet-18/34 (expansion 1) or -50 and wider (4); the stride is in the 3x3. */
export declare function residualBlock(layers: Layers, x: Value, options: BlockOptions): Value;
/** The decoder's first block of a layer: like `residualBlock`, but doubling the sides by transposed convolution. */
export declare function upsamplingBlock(layers: Layers, x: Value, options: Omit<BlockOptions, 'stride'>): Value;
