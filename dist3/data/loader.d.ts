export interface ImageLoaderOptions {
    /** Side of the images in pixels. */
    readonly size: number;
    /** Decoding threads at most; default one less than there are cores, at least 1. */
    readonly workers?: number;
    /** Resized 8-bit images to keep, in bytes; default 1 GiB (5,461 images of 256 px). */
    readonly cacheBytes?: number;
    /** Images read ahead and not asked for yet, at most; default 64. */
    readonly ahead?: number;
}
/**
 * Loads images as `loadImage` does, on several threads, and keeps what it decoded as far as it fits: a
 * training set that fits is decoded once. Every failure is an ImageError that names its file.
 */
export declare class ImageLoader {
    #private;
    readonly size: number;
    constructor({ size, workers, cacheBytes, ahead }: ImageLoaderOptions);
    /** One image, ImageNet-normalised, [3, size, size]; a new array each time. */
    load(path: string): Promise<Float32Array>;
    /** Images in the order given, [paths.length, 3, size, size]. Rejects with the first failure. */
    loadBatch(paths: readonly string[]): Promise<Float32Array>;
    /** One image's RGB planes in 8 bits, [3, size, size]. Shared with the cache: read only. */
    pixels(path: string): Promise<Uint8Array>;
    /** Begin to read images that will be asked for soon. What exceeds the bound is passed over. */
    prefetch(paths: readonly string[]): void;
    /** Stop the threads and let go of all images; loads under way are rejected. */
    close(): Promise<void>;
}
