import { pack } from '../graph/ops/movement.js';
import { adamw, sgd } from '../graph/ops/update.js';
import { input, state } from '../graph/value.js';
/** Name of the input that `settingsAt` fills. */
export const SETTINGS = 'optimiser settings';
/** Slabs that the optimiser keeps beside the parameters, all zero at the start. */
export function momentNames(config, slab) {
    if (config.kind === 'sgd')
        return [`${slab} momentum`];
    return [`${slab} m`, `${slab} v`, ...(config.amsgrad ? [`${slab} vmax`] : [])];
}
/** The effect that applies `gradients` (in slab order) to a network's parameters: one dispatch. */
export function optimiserStep(network, gradients, config) {
    const p = network.parameters.slab;
    const { name } = p.attrs;
    const moments = momentNames(config, name).map((each) => state(each, p.shape));
    const grad = pack(gradients);
    if (config.kind === 'sgd') {
        return sgd({ p, buf: moments[0] }, grad, input(SETTINGS, [2]), config);
    }
    const [beta1, beta2] = config.betas;
    return adamw({ p, m: moments[0], v: moments[1], vmax: moments[2] }, grad, input(SETTINGS, [3]), {
        beta1,
        beta2,
        eps: config.eps,
        weightDecay: config.weightDecay,
    });
}
/** What SETTINGS holds at `step` (from 0) for the learning rate `lr`. */
export function settingsAt(config, step, lr = config.lr) {
    if (config.kind === 'sgd')
        return Float32Array.of(lr, step === 0 ? 1 : 0);
    const [beta1, beta2] = config.betas;
    return Float32Array.of(lr, 1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1));
}
//# sourceMappingURL=optimiser.js.map