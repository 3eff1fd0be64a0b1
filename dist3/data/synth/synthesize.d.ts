export interface SynthesizeOptions {
    /** Folder to create; may exist if it is empty. */
    readonly out: string;
    /** The first so many of `SYNTH_CLASSES`; default all twelve. */
    readonly classes?: number;
    /** Normal training images per class; default 40. */
    readonly train?: number;
    /** Test images per class, half of them (rounded up) normal; default 30. */
    readonly test?: number;
    /** Side in pixels, 32 to 2048; default 160. */
    readonly size?: number;
    /** Defects to draw from; default all that make sense on a class. */
    readonly defects?: readonly string[];
    readonly seed?: number;
    readonly onProgress?: (done: number, total: number) => void;
}
export interface SynthesizeResult {
    readonly root: string;
    readonly classes: readonly string[];
    readonly trainImages: number;
    readonly testImages: number;
}
/**
 * Writes a multi-class inspection data set in MVTec layout (evaluation.md 1.1): PNG images, masks of 0 and
 * 255. The same options give the same bytes. It is drawn beside `out` and renamed, so it appears whole.
 * @throws ConfigError for options out of range, FileError where `out` is in use or not writable.
 */
export declare function synthesize(options: SynthesizeOptions): Promise<SynthesizeResult>;
