/** An 8-bit picture. `interleaved`: [height, width, channels]; `planar`: [channels, height, width]. */
export interface Pixels {
    readonly width: number;
    readonly height: number;
    readonly channels: number;
    readonly data: Uint8Array;
    readonly layout: 'interleaved' | 'planar';
}
/**
 * Resizes as `PIL.Image.resize(size, BILINEAR)` does, bit for bit (methods.md section 2; Pillow
 * `src/libImaging/Resample.c`): separable, antialiased when shrinking, columns first, each pass in integer
 * arithmetic and rounded to 8 bits. Channels are independent (PIL weighs colour by alpha; drop alpha first).
 */
export declare function pilResize(source: Pixels, width: number, height: number): Pixels;
/**
 * Resizes one channel [height, width] as `PIL.Image.resize(size, NEAREST)` does: the source positions are
 * accumulated, as in Pillow's `ImagingScaleAffine`, not multiplied.
 */
export declare function pilResizeNearest(data: Uint8Array, fromWidth: number, fromHeight: number, width: number, height: number): Uint8Array;
