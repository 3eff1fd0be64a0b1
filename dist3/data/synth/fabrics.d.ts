import { type SceneClass } from './scene.ts';
/** Twill: each warp thread goes over two weft threads and under two, one later per column. */
export declare const weave: SceneClass;
/** Pebbled hide: cells with soft valleys, lit from the upper left. */
export declare const leather: SceneClass;
