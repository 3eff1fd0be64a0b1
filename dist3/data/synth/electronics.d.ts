import { type SceneClass } from './scene.ts';
/** A populated printed circuit board. */
export declare const circuit: SceneClass;
/** The cut end of a three-wire cable. */
export declare const cable: SceneClass;
