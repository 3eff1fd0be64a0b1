import { product } from '../shape.js';
import { read, write } from './kernel.js';
import { single } from './lowering.js';
import { perElement } from './perElement.js';
import { code, wgsl } from './wgsl.js';
const cast = ({ label, inputs, out }) => {
    const [x] = inputs;
    const total = product(out.shape);
    return single(perElement({
        label,
        bindings: [read('x', total, x.element), write('out', total, out.element)],
        total,
        layout: `${x.element} to ${out.element}; floats truncate towards zero.`,
        body: wgsl `out[i] = ${code(out.element)}(x[i]);`,
    }));
};
export const castKernels = { cast };
//# sourceMappingURL=cast.js.map