/** Red, green and blue reflectance, 0 to 1. */
export type Colour = readonly [number, number, number];
/** Side of every picture in drawing units, whatever its size in pixels. The origin is the centre. */
export declare const SPAN = 160;
/** A square picture: `rgb` is interleaved [side, side, 3]; `pixel` is one pixel's side in drawing units. */
export interface Canvas {
    readonly side: number;
    readonly pixel: number;
    readonly rgb: Float32Array;
}
export declare function createCanvas(side: number): Canvas;
/** Writes the colour of the point (x, y), in drawing units, to `out`. */
export type Painter = (x: number, y: number, out: Float32Array) => void;
/** Paint every pixel. */
export declare function paintAll(canvas: Canvas, painter: Painter): void;
/** Where a shape sits: its own origin in the picture, turned by `angle` radians, enlarged by `scale`. */
export interface Pose {
    readonly x: number;
    readonly y: number;
    readonly angle: number;
    readonly scale: number;
}
/** The pose of a shape that is placed within another one. */
export declare function within(outer: Pose, x: number, y: number, angle?: number, scale?: number): Pose;
/** A shape in its own coordinates: distance to its edge, negative inside, and the radius that contains it. */
export interface Shape {
    readonly distance: (x: number, y: number) => number;
    readonly reach: number;
}
/**
 * Fill a shape, its edge blended over one pixel. `colour` is constant or painted in the shape's own
 * coordinates; `opacity` 0 to 1; `softness` widens the edge, in units (for shadows).
 */
export declare function fill(canvas: Canvas, pose: Pose, shape: Shape, colour: Colour | Painter, { opacity, softness }?: {
    opacity?: number | undefined;
    softness?: number | undefined;
}): void;
/** How much of each pixel a shape covers, [side, side], 0 to 1. */
export declare function coverage(side: number, pose: Pose, shape: Shape): Float32Array;
/** Length of (x, y). Math.hypot guards against overflow and costs ten times as much. */
export declare const magnitude: (x: number, y: number) => number;
export declare const mix: (a: number, b: number, t: number) => number;
export declare const clamp01: (x: number) => number;
/** 0 below `low`, 1 above `high`, smooth between. */
export declare function smoothstep(low: number, high: number, x: number): number;
/** Set `out` to `colour` times `gain`. */
export declare function put(out: Float32Array, colour: Colour, gain?: number): void;
/** Set `out` to the mixture of two colours, times `gain`. */
export declare function putMix(out: Float32Array, a: Colour, b: Colour, t: number, gain?: number): void;
