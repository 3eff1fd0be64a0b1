import { withVjp } from '../graph/ops/control.js';
import { reshape } from '../graph/ops/movement.js';
import { add, mul, rsqrt, shift, square, sub } from '../graph/ops/pointwise.js';
import { mean, sum, variance } from '../graph/ops/reduce.js';
import { asValue } from '../graph/value.js';
/** Per channel, as it broadcasts over [N, C, H, W]. */
const perChannel = (x) => {
    const value = asValue(x);
    return reshape(value, [1, value.shape[0], 1, 1]);
};
/** Evaluation: (x - mean) / sqrt(variance + eps) * weight + bias per channel of x [N, C, H, W]. */
export function batchNorm2d(x, { weight, bias, mean, variance, eps = 1e-5 }) {
    // One scale and one shift per channel: small values, and two operations in a convolution's epilogue.
    const scale = mul(weight, rsqrt(shift(variance, eps)));
    const offset = sub(bias, mul(mean, scale));
    return add(mul(x, perChannel(scale)), perChannel(offset));
}
/**
 * Training: normalised by the batch's own mean and biased variance (methods.md section 1), with
 * dx = w r (g - mean(g) - xhat mean(g xhat)): two reductions where following the forward pass would take four.
 */
export function batchNorm2dTrain(x, weight, bias, eps = 1e-5) {
    const value = asValue(x);
    const w = asValue(weight);
    const b = asValue(bias);
    const channels = value.shape[1];
    const over = { axes: [0, 2, 3], keepDims: true };
    const count = (value.shape[0] * value.shape[2] * value.shape[3]);
    const centre = mean(value, over);
    const spread = variance(value, { ...over, unbiased: false });
    const r = rsqrt(shift(spread, eps));
    const normalised = mul(sub(value, centre), r);
    const plain = add(mul(normalised, perChannel(w)), perChannel(b));
    const out = withVjp(plain, [value, w, b], (g) => {
        const xhat = mul(sub(value, centre), r);
        const sumG = sum(g, over);
        const sumGx = sum(mul(g, xhat), over);
        return [
            () => {
                const inner = sub(sub(g, mul(sumG, 1 / count)), mul(xhat, mul(sumGx, 1 / count)));
                return mul(mul(r, perChannel(w)), inner);
            },
            () => reshape(sumGx, [channels]),
            () => reshape(sumG, [channels]),
        ];
    });
    return { out, mean: reshape(centre, [channels]), variance: reshape(spread, [channels]), count };
}
/** Over the last axis of x [..., C], biased variance, then weight [C] and bias [C]. */
export function layerNorm(x, weight, bias, eps = 1e-5) {
    const value = asValue(x);
    const over = { axes: [-1], keepDims: true };
    const centred = sub(value, mean(value, over));
    const r = rsqrt(shift(mean(square(centred), over), eps));
    return add(mul(mul(centred, r), weight), bias);
}
//# sourceMappingURL=norm.js.map