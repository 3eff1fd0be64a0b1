import { ShapeError } from '../../errors.js';
import { shapesEqual } from '../../shape.js';
import { asValue, makeValue, requireFloat, requireRank } from '../value.js';
export const resizeOps = {
    /** x [N, C, H, W] -> [N, C, OH, OW]. attrs: mode, alignCorners. */
    interpolate: {},
    /** dy [N, C, OH, OW] -> dx [N, C, H, W]: the transpose of interpolate. attrs: mode, alignCorners. */
    interpolateGrad: {},
};
/** Resampling without antialiasing, PyTorch's definition (methods.md section 1). */
export function interpolate(x, options) {
    const { size, mode = 'bilinear', alignCorners = false } = options;
    const value = asValue(x);
    requireFloat('interpolate', { x: value });
    requireRank('interpolate', 'x', value, 4);
    const [oh, ow] = typeof size === 'number' ? [size, size] : size;
    if (!(oh >= 1 && ow >= 1))
        throw new ShapeError(`interpolate: size expects at least 1x1, got ${oh}x${ow}`);
    if (mode === 'nearest' && alignCorners) {
        throw new ShapeError('interpolate: alignCorners expects mode bilinear, got nearest');
    }
    const shape = [value.shape[0], value.shape[1], oh, ow];
    if (shapesEqual(shape, value.shape))
        return value;
    return makeValue('interpolate', [value], { mode, alignCorners }, shape);
}
/** `shape` is that of interpolate's input. */
export const interpolateGrad = (dy, attrs, shape) => makeValue('interpolateGrad', [dy], attrs, shape);
//# sourceMappingURL=resize.js.map