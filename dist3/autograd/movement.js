import { ShapeError, WgadError } from '../errors.js';
import { pad, permute, reshape, slice } from '../graph/ops/movement.js';
import { product } from '../shape.js';
export const movementVjps = {
    reshape: ({ inputs: [x], cotangent }) => [() => reshape(cotangent, x.shape)],
    slabView: () => [
        () => {
            throw new WgadError('E_CONFIG', 'slabView: differentiate with respect to the view, not to its slab');
        },
    ],
    pack: ({ inputs, cotangent, attrs }) => {
        const { offsets } = attrs;
        return inputs.map((value, i) => () => {
            const start = offsets[i];
            return reshape(slice(cotangent, [{ start, end: start + product(value.shape) }]), value.shape);
        });
    },
    permute({ inputs: [x], cotangent, attrs }) {
        const { order } = attrs;
        return [
            () => permute(cotangent, x.shape.map((_, axis) => order.indexOf(axis))),
        ];
    },
    /** Back to its place, zeros elsewhere; a step spreads the elements apart first. */
    slice({ inputs: [x], out, cotangent, attrs }) {
        const { starts, steps } = attrs;
        return [
            () => {
                const spread = steps.reduce((g, step, axis) => spreadAxis(g, axis, step), cotangent);
                const extent = (axis) => out.shape[axis] === 0 ? 0 : (out.shape[axis] - 1) * steps[axis] + 1;
                const after = x.shape.map((size, axis) => size - starts[axis] - extent(axis));
                return pad(spread, starts, after);
            },
        ];
    },
    pad({ inputs: [x], cotangent, attrs }) {
        const { before, mode } = attrs;
        if (mode !== 'constant') {
            throw new ShapeError(`pad: mode ${mode} has no derivative yet; pad with a constant, or wrap it in stopGradient`);
        }
        return [() => slice(cotangent, inside(x.shape, before))];
    },
    concat({ inputs, cotangent, attrs }) {
        const { axis } = attrs;
        let start = 0;
        return inputs.map((value) => {
            const range = { start, end: start + value.shape[axis] };
            start = range.end;
            return () => slice(cotangent, value.shape.map((_, i) => (i === axis ? range : null)));
        });
    },
};
const inside = (shape, before) => shape.map((size, axis) => ({ start: before[axis], end: before[axis] + size }));
/** `step - 1` zeros between neighbours along `axis`: [.., n, ..] -> [.., (n - 1) step + 1, ..]. */
function spreadAxis(x, axis, step) {
    const size = x.shape[axis];
    if (step === 1 || size <= 1)
        return x;
    const split = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
    const zeros = split.map((_, i) => (i === axis + 1 ? step - 1 : 0));
    const spread = pad(reshape(x, split), split.map(() => 0), zeros);
    const joined = reshape(spread, x.shape.map((each, i) => (i === axis ? each * step : each)));
    return slice(joined, joined.shape.map((_, i) => (i === axis ? { end: (size - 1) * step + 1 } : null)));
}
//# sourceMappingURL=movement.js.map