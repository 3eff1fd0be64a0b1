import { ShapeError } from '../errors.js';
import { greaterEqual, scale, where } from '../graph/ops/pointwise.js';
import { randomUniform } from '../graph/ops/random.js';
import { asValue } from '../graph/value.js';
/**
 * Zero with probability p, else x / (1 - p). `key` (u32 [4]: seed low, seed high, step, 0) and `site` fix the
 * choice, so a resumed step drops the same elements.
 */
export function dropout(x, p, key, site) {
    if (!(p >= 0 && p < 1))
        throw new ShapeError(`dropout: p expects 0 <= p < 1, got ${p}`);
    const value = asValue(x);
    if (p === 0)
        return value;
    const kept = greaterEqual(randomUniform(key, site, value.shape), p);
    return where(kept, scale(value, 1 / (1 - p)), 0);
}
//# sourceMappingURL=dropout.js.map