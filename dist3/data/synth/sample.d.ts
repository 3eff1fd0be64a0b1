import type { Defect, SceneClass } from './scene.ts';
/** An image [side, side, 3] and, where it is defective, its mask [side, side] of 0 and 255. */
export interface SynthImage {
    readonly rgb: Uint8Array;
    readonly mask: Uint8Array | undefined;
}
/** One image of a class, fixed by (seed, stream): normal, or with one defect. */
export declare function synthesizeImage(kind: SceneClass, defect: Defect | undefined, side: number, seed: number, stream: number): SynthImage;
