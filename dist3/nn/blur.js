import { ShapeError } from '../errors.js';
import { conv2d } from '../graph/ops/conv.js';
import { pad, reshape } from '../graph/ops/movement.js';
import { asValue, constant, requireRank } from '../graph/value.js';
/** The author's smoothing: 5 taps, sigma 4, zero border (methods.md section 1). */
export const AUTHOR_BLUR = { kernel: 5, sigma: 4, border: 'zero' };
/** SciPy's gaussian_filter with sigma 4, truncated at 4 sigma. */
export const SCIPY_BLUR = { kernel: 33, sigma: 4, border: 'symmetric' };
/** Gaussian smoothing of each plane of x [N, C, H, W], as two passes of normalised taps. */
export function gaussianBlur2d(x, options = {}) {
    const { kernel, sigma, border } = { ...AUTHOR_BLUR, ...options };
    const value = asValue(x);
    requireRank('gaussianBlur2d', 'x', value, 4);
    if (kernel % 2 !== 1 || !(sigma > 0)) {
        throw new ShapeError(`gaussianBlur2d: expects an odd kernel and sigma above 0, got ${kernel} and ${sigma}`);
    }
    const half = (kernel - 1) / 2;
    const taps = gaussianTaps(kernel, sigma);
    const [n, c, h, w] = value.shape;
    const planes = reshape(value, [n * c, 1, h, w]);
    const zero = border === 'zero';
    const framed = zero ? planes : pad(planes, [0, 0, half, half], [0, 0, half, half], { mode: 'symmetric' });
    const rows = conv2d(framed, constant(taps, [1, 1, kernel, 1]), { padding: [zero ? half : 0, 0] });
    const both = conv2d(rows, constant(taps, [1, 1, 1, kernel]), { padding: [0, zero ? half : 0] });
    return reshape(both, [n, c, h, w]);
}
/** Normalised to sum 1. */
export function gaussianTaps(kernel, sigma) {
    const half = (kernel - 1) / 2;
    const raw = Array.from({ length: kernel }, (_, i) => Math.exp(-((i - half) ** 2) / (2 * sigma ** 2)));
    const total = raw.reduce((sum, tap) => sum + tap, 0);
    return raw.map((tap) => tap / total);
}
//# sourceMappingURL=blur.js.map