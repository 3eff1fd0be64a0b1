import { ELEMENT_BYTES } from '../kernels/kernel.js';
import { product } from '../shape.js';
import { rootsOf, valuesOf } from './graph.js';
import { OPS } from './ops/index.js';
export const bytesOf = (value) => product(value.shape) * ELEMENT_BYTES[value.dtype];
/**
 * Resolves views and packs: most values own their memory; a view lies in its input's; an input of a pack is
 * computed straight into the pack's memory where it can be.
 */
export function resolveStorage(graph) {
    const placed = new Map();
    const copies = [];
    const locate = (value) => {
        const place = placed.get(value);
        if (place)
            return place;
        if (!OPS[value.op].view)
            return { root: value, offset: 0 };
        const { offset = 0 } = value.attrs;
        const inner = locate(value.inputs[0]);
        return { root: inner.root, offset: inner.offset + offset * ELEMENT_BYTES[value.dtype] };
    };
    const outputs = new Set(rootsOf(graph).map((value) => locate(value).root));
    for (const target of valuesOf(graph)) {
        if (!OPS[target.op].placesInputs)
            continue;
        const { offsets } = target.attrs;
        const roots = target.inputs.map((operand) => locate(operand).root);
        target.inputs.forEach((operand, i) => {
            const offset = offsets[i] * ELEMENT_BYTES[target.dtype];
            const { root, offset: inside } = locate(operand);
            const free = !OPS[root.op].leaf &&
                !OPS[root.op].placesInputs &&
                !placed.has(root) &&
                !outputs.has(root) &&
                inside === 0 &&
                // One value in two places is computed outside and copied twice.
                roots.filter((each) => each === root).length === 1 &&
                product(root.shape) === product(operand.shape) &&
                // It would read and write one buffer in one dispatch.
                root.inputs.every((each) => locate(each).root !== target);
            if (free)
                placed.set(root, { root: target, offset });
            else
                copies.push({ from: operand, to: target, offset });
        });
    }
    return { locate, copies };
}
//# sourceMappingURL=storage.js.map