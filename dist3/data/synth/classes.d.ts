import type { SceneClass } from './scene.ts';
/**
 * Every class, ordered so that the first few already span plain and busy, surface and object: their normal
 * images should differ as widely in detail as those of real inspection lines.
 */
export declare const SYNTH_CLASSES: readonly SceneClass[];
