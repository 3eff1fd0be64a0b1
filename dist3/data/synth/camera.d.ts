import type { RandomStream } from '../../random.ts';
import { type Canvas } from './canvas.ts';
/** How one exposure differs from the next: lamp, white balance, sensor. */
export interface Exposure {
    readonly gain: number;
    /** Change of brightness from the centre to a border, along x and y. */
    readonly slopeX: number;
    readonly slopeY: number;
    readonly vignette: number;
    /** Gain of red, the inverse of blue's. */
    readonly warmth: number;
    /** Standard deviation of the sensor's noise, as a fraction of white. */
    readonly noise: number;
}
export declare function drawExposure(random: RandomStream): Exposure;
/** The 8-bit image [side, side, 3] of a painted canvas under an exposure; `random` is the sensor's noise. */
export declare function photograph(canvas: Canvas, exposure: Exposure, random: RandomStream): Uint8Array;
