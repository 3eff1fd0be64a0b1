import { grad } from '../autograd/reverse.js';
import { conv2d } from '../graph/ops/conv.js';
import { matmul } from '../graph/ops/matmul.js';
import { gelu, shift } from '../graph/ops/pointwise.js';
import { sum } from '../graph/ops/reduce.js';
import { input } from '../graph/value.js';
import { measurePlan } from './planCase.js';
const x = (...shape) => input('x', shape);
const conv = (c, size, kernel) => ({
    name: `conv ${kernel}x${kernel}`,
    shape: `${c} to ${c} channels, ${size}x${size}`,
    build: () => conv2d(x(1, c, size, size), input('w', [c, c, kernel, kernel]), { padding: (kernel - 1) / 2 }),
});
/** The gradient of one operand of a convolution. */
const convGrad = (of, c, size) => ({
    name: `conv 3x3, ${of} gradient`,
    shape: `${c} to ${c} channels, ${size}x${size}`,
    build: () => {
        const operands = { input: x(1, c, size, size), weight: input('w', [c, c, 3, 3]) };
        const y = conv2d(operands.input, operands.weight, { padding: 1 });
        return grad(sum(gelu(y)), [operands[of]])[0];
    },
});
/** Cases with the work that networks have; the copy and the large product bound what an adapter can do. */
export const KERNEL_CASES = [
    conv(64, 64, 3),
    conv(64, 64, 1),
    conv(256, 16, 3),
    convGrad('input', 64, 64),
    convGrad('weight', 64, 64),
    {
        name: 'matmul',
        shape: '512 x 512 x 512',
        build: () => matmul(x(512, 512), input('w', [512, 512])),
    },
    { name: 'gelu', shape: '4 Mi', build: () => gelu(x(4, 1024, 1024)) },
    { name: 'copy', shape: '4 Mi', build: () => shift(x(4, 1024, 1024), 1) },
];
export async function benchKernels(session, filter, onCase) {
    const chosen = KERNEL_CASES.filter(({ name, shape }) => filter.test(`${name} ${shape}`));
    const records = [];
    for (const { name, shape, build } of chosen) {
        const graph = { outputs: new Map([['out', build()]]), effects: [] };
        records.push(await measurePlan(session, { suite: 'kernels', name, shape }, graph));
        onCase(records.length, chosen.length);
    }
    return records;
}
//# sourceMappingURL=kernels.js.map