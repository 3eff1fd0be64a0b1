import type { RandomStream } from '../../random.ts';
import { type Canvas } from './canvas.ts';
/** Where on the surface a defect is centred, in units. */
export interface Spot {
    readonly x: number;
    readonly y: number;
}
/** Paints a defect onto a finished surface; returns how much of each pixel it covers, [side, side], 0 to 1. */
export type SurfaceDefect = (canvas: Canvas, spot: Spot, random: RandomStream, object: Float32Array | undefined) => Float32Array;
/** A shallow groove: bright on one flank, dark on the other, tapering to both ends. */
export declare const scratch: SurfaceDefect;
/** A dark, wandering line with branches. */
export declare const crack: SurfaceDefect;
/** A loose fibre lying on the part, round in section, with a faint shadow; it may hang over the edge. */
export declare const thread: SurfaceDefect;
/** A lump of foreign matter: an uneven outline, shaded like a drop, with a shadow. */
export declare const blob: SurfaceDefect;
/** A dried liquid: a broad patch that filters the surface below it, darker towards its rim. */
export declare const stain: SurfaceDefect;
