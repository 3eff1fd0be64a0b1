import { buildPlan } from '../graph/buildPlan.js';
import { momentNames } from '../nn/optimiser.js';
import { packSlab, unpackSlab } from '../nn/slab.js';
import { compilePlan } from '../runtime/executable.js';
import { openDevice } from '../runtime/gpu.js';
import { readBuffer } from '../runtime/readBuffer.js';
import { stateStore } from '../runtime/state.js';
export async function openSession(adapter) {
    const gpu = await openDevice({ adapter });
    const state = stateStore(gpu.device, gpu.buffers);
    const set = (name, data) => state.set(name, data, [data.length]);
    const read = (name) => readBuffer(gpu, state.buffer(name), state.length(name));
    return {
        gpu,
        state,
        compile: (label, graph) => compilePlan(gpu, buildPlan(graph, gpu.facts, { label }), state),
        load(layout, tensors, where) {
            for (const slab of [layout.parameters, layout.buffers])
                set(slab.name, packSlab(slab, tensors, where));
        },
        startOptimiser(layout, optimiser) {
            for (const name of momentNames(optimiser, layout.parameters.name)) {
                set(name, new Float32Array(layout.parameters.length));
            }
        },
        async save(layout) {
            const all = new Map();
            for (const slab of [layout.parameters, layout.buffers]) {
                for (const [name, tensor] of unpackSlab(slab, await read(slab.name)))
                    all.set(name, tensor);
            }
            return all;
        },
        async readSlabs(names) {
            const slabs = new Map();
            for (const name of names)
                slabs.set(name, await read(name));
            return slabs;
        },
        close: () => gpu.close(),
    };
}
/** Names of everything an interrupted training of `layout` needs to go on. */
export const trainingSlabs = (layout, optimiser) => [
    layout.parameters.name,
    layout.buffers.name,
    ...momentNames(optimiser, layout.parameters.name),
];
//# sourceMappingURL=session.js.map