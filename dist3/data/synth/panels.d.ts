import { type SceneClass } from './scene.ts';
/** A planed board: bent year rings, fine fibres and short dark pores along the grain. */
export declare const wood: SceneClass;
/** Terrazzo tiles: stone chips of three shades in a pale binder, and the joints between tiles. */
export declare const tile: SceneClass;
/** A sprayed sheet: orange peel, a broad reflection of the lamp, nothing else. */
export declare const painted: SceneClass;
