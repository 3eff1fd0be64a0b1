import { input, scope } from '../graph/value.js';
export function layersFrom(source, prefix = '', sites = { next: 0 }) {
    const full = (name) => (prefix === '' ? name : `${prefix}.${name}`);
    const tensor = (kind) => (name, shape, init) => source.tensor({ name: full(name), shape, init, kind });
    return {
        training: source.training,
        child: (name) => layersFrom(source, full(name), sites),
        parameter: tensor('parameter'),
        buffer: tensor('buffer'),
        measured: (name, value) => source.measured?.(full(name), value),
        random() {
            if (!source.key)
                throw new Error(`${prefix}: training with dropout needs a random key`);
            sites.next += 1;
            return { key: source.key, site: sites.next };
        },
    };
}
/** Runs `part` of a network under its name, for parameters and labels alike. */
export const within = (layers, name, part) => scope(name, () => part(layers.child(name)));
/** The tensors a network asks for, in the order it asks. Computes nothing. */
export function declare(network) {
    const specs = [];
    network(layersFrom({
        training: false,
        tensor(spec) {
            specs.push(spec);
            return input(spec.name, spec.shape);
        },
    }));
    return specs;
}
//# sourceMappingURL=layers.js.map