import type { RandomStream } from '../../random.ts';
import type { Canvas, Pose } from './canvas.ts';
/** What can be wrong with an image. The last two need a scene with parts. */
export declare const DEFECTS: readonly ['scratch', 'crack', 'blob', 'stain', 'thread', 'missing', 'misplaced'];
export type Defect = (typeof DEFECTS)[number];
/** A part that can be missing or misplaced: x, y, angle in its scene's coordinates, and its own side. */
export interface Part {
    readonly kind: string;
    readonly x: number;
    readonly y: number;
    readonly angle: number;
    /** Roughly its smaller side, in units: how far "misplaced" is. */
    readonly extent: number;
}
/**
 * One image before light and sensor, everything random about it already drawn: painting it twice gives the
 * same picture, so a defect's mask is what differs between two paintings.
 */
export interface Scene {
    readonly parts: readonly Part[];
    readonly paint: (canvas: Canvas, parts: readonly Part[]) => void;
    /** Where the object is, [side, side], 0 to 1; absent where the whole picture is surface. */
    readonly object?: (side: number) => Float32Array;
}
/** A class of the data set. */
export interface SceneClass {
    readonly name: string;
    /** The defects that make sense on it. */
    readonly defects: readonly Defect[];
    readonly compose: (random: RandomStream) => Scene;
}
/** A pose near the centre: shifted by up to `shift` units, turned by up to `turn` radians, scaled 1 +- `zoom`. */
export declare function looseNear(random: RandomStream, shift: number, turn: number, zoom: number): Pose;
/** Picture coordinates to a pose's own: p across, q down. */
export declare function localAxes(pose: Pose): {
    p: (x: number, y: number) => number;
    q: (x: number, y: number) => number;
};
