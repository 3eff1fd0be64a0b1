import { type SceneClass } from './scene.ts';
/** One two-piece capsule with its imprint, on a pale tray. */
export declare const capsule: SceneClass;
/** A blister strip: twelve scored tablets in clear cavities over embossed foil. */
export declare const blister: SceneClass;
