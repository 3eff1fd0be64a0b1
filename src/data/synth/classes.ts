import { cable, circuit } from './electronics.ts';
import { leather, weave } from './fabrics.ts';
import { brushed, mesh, nut } from './metals.ts';
import { painted, tile, wood } from './panels.ts';
import { blister, capsule } from './pharmacy.ts';
import type { SceneClass } from './scene.ts';

/**
 * Every class, ordered so that the first few already span plain and busy, surface and object: their normal
 * images should differ as widely in detail as those of real inspection lines.
 */
export const SYNTH_CLASSES: readonly SceneClass[] = [
  circuit,
  painted,
  weave,
  capsule,
  mesh,
  nut,
  leather,
  cable,
  wood,
  brushed,
  tile,
  blister,
];
