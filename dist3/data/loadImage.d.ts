/** Means and deviations of ImageNet's red, green and blue, of values in 0 to 1. */
export declare const IMAGENET_MEAN: readonly [0.485, 0.456, 0.406];
export declare const IMAGENET_STD: readonly [0.229, 0.224, 0.225];
/** How a resized mask becomes 0 and 1 (evaluation.md 3.3). */
export type MaskRule = 'any' | 'half' | 'nearest';
/**
 * An image as the encoders take it: decoded to RGB, resized to exactly `size` x `size` (the aspect ratio is
 * not kept) as PIL does, and normalised with ImageNet's statistics. [3, size, size].
 * @throws ImageError naming the path and the reason.
 */
export declare function loadImage(path: string, size: number): Promise<Float32Array>;
/** The same before normalisation: RGB in 8 bits, [3, size, size]. */
export declare function loadPixels(path: string, size: number): Promise<Uint8Array>;
/** 8-bit RGB planes to ImageNet-normalised floats, into `out` at `offset` if given. */
export declare function normalize(pixels: Uint8Array, out?: Float32Array, offset?: number): Float32Array;
/**
 * A mask at evaluation size, [size, size] of 0 and 1 (evaluation.md 3.3): any non-zero value is anomalous,
 * then resized by PIL's bilinear. `any` (default): positive wherever the result is not 0; `half`: above one
 * half; `nearest`: PIL's nearest instead. With `imagePath`, the two native sizes must agree.
 * @throws ImageError for an unreadable file, DatasetError naming both sizes where they differ.
 */
export declare function loadMask(path: string, size: number, rule?: MaskRule, imagePath?: string): Promise<Uint8Array>;
