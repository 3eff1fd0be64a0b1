import { WeightsError } from '../errors.js';
import { slabOffsets, slabView } from '../graph/ops/movement.js';
import { state } from '../graph/value.js';
import { product, shapesEqual, shapeText } from '../shape.js';
export function slabLayout(name, specs) {
    const { offsets, length } = slabOffsets(specs.map((spec) => product(spec.shape)));
    return { name, specs, offsets: new Map(specs.map((spec, i) => [spec.name, offsets[i]])), length };
}
export function slabValues(layout, stateName = layout.name) {
    const slab = state(stateName, [layout.length]);
    const views = new Map(layout.specs.map((spec) => [spec.name, slabView(slab, layout.offsets.get(spec.name), spec.shape)]));
    return {
        slab,
        view(name) {
            const view = views.get(name);
            if (!view)
                throw new WeightsError(`slab ${layout.name} has no tensor ${name}`);
            return view;
        },
    };
}
/**
 * The slab's numbers from named tensors. @throws WeightsError listing everything missing or mis-shaped.
 * @param where what `tensors` came from, for the message.
 */
export function packSlab(layout, tensors, where = 'weights') {
    const data = new Float32Array(layout.length);
    const wrong = [];
    for (const { name, shape } of layout.specs) {
        const found = tensors.get(name);
        if (!found)
            wrong.push(`missing ${name} ${shapeText(shape)}`);
        else if (!shapesEqual(found.shape, shape)) {
            wrong.push(`${name} expects ${shapeText(shape)}, got ${shapeText(found.shape)}`);
        }
        else
            data.set(found.data, layout.offsets.get(name));
    }
    if (wrong.length > 0) {
        throw new WeightsError(`${where}: does not fit this network: ${wrong.join('; ')}`, {
            fix: 'choose the --encoder that the file belongs to',
        });
    }
    return data;
}
export function unpackSlab(layout, data) {
    return new Map(layout.specs.map(({ name, shape }) => {
        const offset = layout.offsets.get(name);
        return [name, { shape, data: data.slice(offset, offset + product(shape)) }];
    }));
}
//# sourceMappingURL=slab.js.map