import { ShapeError } from '../../errors.js';
import { shapeText } from '../../shape.js';
import { asValue, makeValue, requireFloat } from '../value.js';
import { reshape } from './movement.js';
import { add } from './pointwise.js';
export const convOps = {
    /** x [N, C, H, W], weight [Cout, C/groups, kh, kw]. attrs: geometry, epilogue?. */
    conv2d: { takesEpilogue: true },
    /** dy [N, Cout, OH, OW], weight -> dx [N, C, H, W]. attrs: geometry, epilogue?. */
    conv2dInputGrad: { takesEpilogue: true },
    /** x, dy -> dweight [Cout, C/groups, kh, kw]. attrs: geometry. */
    conv2dWeightGrad: {},
};
/** Cross-correlation of x [N, C, H, W] with weight [Cout, C/groups, kh, kw] -> [N, Cout, OH, OW]. */
export function conv2d(x, weight, options = {}) {
    const value = asValue(x);
    const w = asValue(weight);
    const geometry = resolveGeometry('conv2d', options);
    const { groups, stride, padding, dilation } = geometry;
    check4d('conv2d', { x: value, weight: w });
    const [n, c, h, width] = value.shape;
    const [cout, cin, kh, kw] = w.shape;
    const shapes = `x ${shapeText(value.shape)}, weight ${shapeText(w.shape)}`;
    const wrong = [];
    if (c % groups !== 0 || cin !== c / groups) {
        wrong.push(`weight expects ${c / groups} input channels (groups=${groups}), got ${cin}`);
    }
    if (cout % groups !== 0)
        wrong.push(`weight expects output channels divisible by groups=${groups}, got ${cout}`);
    const oh = outputSize(h, kh, stride[0], padding[0] + padding[1], dilation[0]);
    const ow = outputSize(width, kw, stride[1], padding[2] + padding[3], dilation[1]);
    if (oh < 1 || ow < 1)
        wrong.push(`kernel ${kh}x${kw} does not fit the padded input`);
    if (wrong.length > 0)
        throw new ShapeError(`conv2d: ${wrong.join('; ')}: ${shapes}`);
    const out = makeValue('conv2d', [value, w], { geometry }, [n, cout, oh, ow]);
    return withBias(out, options.bias);
}
/**
 * The transpose of conv2d: x [N, Cin, H, W], weight [Cin, Cout/groups, kh, kw] -> [N, Cout, OH, OW] with
 * OH = (H - 1) stride - padding + dilation (kh - 1) + 1 + outputPadding.
 */
export function convTranspose2d(x, weight, options = {}) {
    const value = asValue(x);
    const w = asValue(weight);
    const geometry = resolveGeometry('convTranspose2d', options);
    check4d('convTranspose2d', { x: value, weight: w });
    const { groups, stride, padding, dilation } = geometry;
    const [n, c, h, width] = value.shape;
    const [cin, coutPerGroup, kh, kw] = w.shape;
    const extra = pair(options.outputPadding ?? 0);
    const wrong = [];
    if (cin !== c || c % groups !== 0) {
        wrong.push(`weight expects ${c} input channels, divisible by groups=${groups}, got ${cin}`);
    }
    if (extra[0] >= Math.max(stride[0], dilation[0]) || extra[1] >= Math.max(stride[1], dilation[1])) {
        wrong.push(`outputPadding expects less than stride or dilation, got ${extra}`);
    }
    const oh = (h - 1) * stride[0] - padding[0] - padding[1] + dilation[0] * (kh - 1) + 1 + extra[0];
    const ow = (width - 1) * stride[1] - padding[2] - padding[3] + dilation[1] * (kw - 1) + 1 + extra[1];
    if (oh < 1 || ow < 1)
        wrong.push(`output would be ${oh}x${ow}`);
    if (wrong.length > 0) {
        throw new ShapeError(`convTranspose2d: ${wrong.join('; ')}: x ${shapeText(value.shape)}, weight ${shapeText(w.shape)}`);
    }
    const out = conv2dInputGrad(value, w, geometry, [n, coutPerGroup * groups, oh, ow]);
    return withBias(out, options.bias);
}
/** dL/dx of conv2d from dL/dy. `shape` is x's. */
export const conv2dInputGrad = (dy, weight, geometry, shape) => makeValue('conv2dInputGrad', [dy, weight], { geometry }, shape);
/** dL/dweight of conv2d from x and dL/dy. `shape` is the weight's. */
export const conv2dWeightGrad = (x, dy, geometry, shape) => makeValue('conv2dWeightGrad', [x, dy], { geometry }, shape);
/** conv2d without checks, for the derivatives of the derivatives. */
export const conv2dOf = (x, weight, geometry, shape) => makeValue('conv2d', [x, weight], { geometry }, shape);
export const outputSize = (size, kernel, stride, padding, dilation = 1) => Math.floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1;
export const pair = (value) => typeof value === 'number' ? [value, value] : value;
function resolveGeometry(op, options) {
    const padding = options.padding ?? 0;
    const geometry = {
        stride: pair(options.stride ?? 1),
        padding: typeof padding === 'number'
            ? [padding, padding, padding, padding]
            : padding.length === 4
                ? padding
                : [padding[0], padding[0], padding[1], padding[1]],
        dilation: pair(options.dilation ?? 1),
        groups: options.groups ?? 1,
    };
    const positive = [...geometry.stride, ...geometry.dilation, geometry.groups];
    if (positive.some((n) => !Number.isInteger(n) || n < 1) ||
        geometry.padding.some((n) => !Number.isInteger(n) || n < 0)) {
        throw new ShapeError(`${op}: expects whole stride, dilation and groups of at least 1 and padding of at least 0, got ${JSON.stringify(geometry)}`);
    }
    return geometry;
}
function check4d(op, values) {
    requireFloat(op, values);
    for (const [name, value] of Object.entries(values)) {
        if (value.shape.length !== 4) {
            throw new ShapeError(`${op}: ${name} expects 4 axes, got ${shapeText(value.shape)}`);
        }
    }
}
function withBias(out, bias) {
    if (bias === undefined)
        return out;
    const value = asValue(bias);
    if (value.shape.length !== 1 || value.shape[0] !== out.shape[1]) {
        throw new ShapeError(`conv2d: bias expects [${out.shape[1]}], got ${shapeText(value.shape)}`);
    }
    return add(out, reshape(value, [1, value.shape[0], 1, 1]));
}
//# sourceMappingURL=conv.js.map