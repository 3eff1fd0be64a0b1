import { pack } from '../graph/ops/movement.js';
import { assignAverage } from '../graph/ops/update.js';
import { layersFrom } from './layers.js';
import { slabLayout, slabValues } from './slab.js';
export function networkLayout(name, specs) {
    return {
        parameters: slabLayout(`${name} parameters`, specs.filter((spec) => spec.kind === 'parameter')),
        buffers: slabLayout(`${name} buffers`, specs.filter((spec) => spec.kind === 'buffer')),
    };
}
/** Running statistics keep 0.9 of themselves at each step (PyTorch's momentum 0.1). */
const STATISTICS_RATE = 0.1;
export function bindNetwork(layout, options) {
    const parameters = slabValues(layout.parameters);
    const buffers = slabValues(layout.buffers);
    const measured = new Map();
    const layers = layersFrom({
        training: options.training,
        key: options.key,
        tensor: ({ name, kind }) => (kind === 'parameter' ? parameters : buffers).view(name),
        measured: (name, value) => void measured.set(name, value),
    });
    return {
        layers,
        parameters,
        trained: layout.parameters.specs.map(({ name }) => parameters.view(name)),
        statisticsUpdate() {
            if (measured.size === 0)
                return [];
            const values = layout.buffers.specs.map(({ name }) => measured.get(name) ?? buffers.view(name));
            return [assignAverage(buffers.slab, pack(values), STATISTICS_RATE)];
        },
    };
}
//# sourceMappingURL=trainable.js.map