import { type ResNetName } from '../models/resnet.ts';
import type { NamedTensor } from '../nn/init.ts';
export declare const LAYER_NAMES: readonly ['layer1', 'layer2', 'layer3'];
export type LayerName = (typeof LAYER_NAMES)[number];
/** A pre-trained encoder on a device. */
export interface Encoder {
    /** One normalised image [3, H, W] to its feature maps [C, h, w]. */
    features(image: Float32Array): Promise<Map<LayerName, NamedTensor>>;
    close(): void;
}
/** @param size height and width of every image, multiples of 32. @throws WeightsError, FileError, GpuError. */
export declare function openEncoder(name: ResNetName, weights: string, size: readonly [number, number], adapter?: string): Promise<Encoder>;
