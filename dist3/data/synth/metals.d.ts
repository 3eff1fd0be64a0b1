import { type SceneClass } from './scene.ts';
/** Woven wire mesh: every wire passes over and under its neighbours in turn. */
export declare const mesh: SceneClass;
/** A brushed sheet: long fine streaks and one broad band of reflected light. */
export declare const brushed: SceneClass;
/** One hexagon nut from above: chamfer, turned face, thread in the bore. */
export declare const nut: SceneClass;
