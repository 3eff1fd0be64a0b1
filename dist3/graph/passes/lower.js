import { WgadError } from '../../errors.js';
import { castKernels } from '../../kernels/cast.js';
import { gemmKernels } from '../../kernels/gemm/lowering.js';
import { BASELINE_DEVICE } from '../../kernels/kernel.js';
import { movementKernels } from '../../kernels/movement.js';
import { pointwiseKernels } from '../../kernels/pointwise.js';
import { poolKernels } from '../../kernels/pool.js';
import { randomKernels } from '../../kernels/random.js';
import { reduceKernels } from '../../kernels/reduce.js';
import { resizeKernels } from '../../kernels/resize.js';
import { selectKernels } from '../../kernels/select.js';
import { similarityKernels } from '../../kernels/similarity.js';
import { updateKernels } from '../../kernels/update.js';
/** How every op runs; a missing one does not compile. The one place where the graph meets the kernels. */
const LOWERINGS = {
    ...pointwiseKernels,
    ...castKernels,
    ...reduceKernels,
    ...movementKernels,
    ...gemmKernels,
    ...poolKernels,
    ...resizeKernels,
    ...similarityKernels,
    ...selectKernels,
    ...randomKernels,
    ...updateKernels,
};
/** The dispatches that compute one value. */
export function lower(value, device) {
    const lowering = LOWERINGS[value.op];
    const label = value.scope === '' ? value.op : `${value.scope} ${value.op}`;
    if (!lowering)
        throw new WgadError('E_CONFIG', `lower: ${label} has no kernel; was simplify run?`);
    const spec = ({ shape, dtype }) => ({ shape, element: dtype });
    return lowering({ label, inputs: value.inputs.map(spec), out: spec(value), attrs: value.attrs }, device);
}
/** A copy of `value`, for results that must lie somewhere in particular. */
export const lowerCopy = (value) => pointwiseKernels.pointwise({
    label: 'copy',
    inputs: [{ shape: value.shape, element: value.dtype }],
    out: { shape: value.shape, element: value.dtype },
    attrs: { program: { inputs: 1, steps: [{ fn: 'identity', args: [0], params: [] }] } },
}, 
// A copy is the same on every adapter.
BASELINE_DEVICE);
//# sourceMappingURL=lower.js.map