import { DtypeError } from '../../errors.js';
import { shapeText } from '../../shape.js';
import { asValue, makeValue } from '../value.js';
export const randomOps = {
    /** key (u32) [4] = seed low, seed high, step, 0. attrs: site. Uniform in [0, 1), from (key, site, element). */
    randomUniform: { nonDifferentiable: 'it depends on nothing' },
};
/**
 * Uniform numbers in [0, 1) that depend on (seed, step, site, element) alone (Philox 4x32-10), so a resumed
 * run repeats them. Two uses in one graph need different sites.
 */
export function randomUniform(key, site, shape) {
    const value = asValue(key);
    if (value.dtype !== 'u32' || value.shape.length !== 1 || value.shape[0] !== 4) {
        throw new DtypeError(`randomUniform: key expects u32 [4], got ${value.dtype} ${shapeText(value.shape)}`);
    }
    return makeValue('randomUniform', [value], { site }, shape);
}
//# sourceMappingURL=random.js.map