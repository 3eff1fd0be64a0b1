import { type Shape } from '../../shape.ts';
import { type Operand, type Value } from '../value.ts';
export declare const randomOps: {
    /** key (u32) [4] = seed low, seed high, step, 0. attrs: site. Uniform in [0, 1), from (key, site, element). */
    readonly randomUniform: {
        readonly nonDifferentiable: 'it depends on nothing';
    };
};
/**
 * Uniform numbers in [0, 1) that depend on (seed, step, site, element) alone (Philox 4x32-10), so a resumed
 * run repeats them. Two uses in one graph need different sites.
 */
export declare function randomUniform(key: Operand, site: number, shape: Shape): Value;
