/** One scale for a whole data set: values at `low` are blue, at `high` red, outside clipped. */
export interface HeatScale {
    readonly low: number;
    readonly high: number;
}
/** A map as 8-bit RGB, row by row. */
export declare function heatMap(map: Float32Array, { low, high }: HeatScale): Uint8Array;
/** Two RGB images of one size, half and half. */
export declare const overlay: (image: Uint8Array, heat: Uint8Array) => Uint8Array;
/** The image with the outline of a mask (0 or not 0) drawn in white with a dark rim. */
export declare function outline(image: Uint8Array, mask: Uint8Array, width: number): Uint8Array;
