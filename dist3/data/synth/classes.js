import { cable, circuit } from './electronics.js';
import { leather, weave } from './fabrics.js';
import { brushed, mesh, nut } from './metals.js';
import { painted, tile, wood } from './panels.js';
import { blister, capsule } from './pharmacy.js';
/**
 * Every class, ordered so that the first few already span plain and busy, surface and object: their normal
 * images should differ as widely in detail as those of real inspection lines.
 */
export const SYNTH_CLASSES = [
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
//# sourceMappingURL=classes.js.map