/** RevDist: reverse distillation (Deng and Li 2022) as the CADA paper trains it; methods.md section 4. */
import { reshape } from '../graph/ops/movement.js';
import { add, scale } from '../graph/ops/pointwise.js';
import { interpolate } from '../graph/ops/resize.js';
import { cosineMap } from '../graph/ops/similarity.js';
import { input } from '../graph/value.js';
import { bottleneck } from '../models/bottleneck.js';
import { resnetFeatures } from '../models/resnet.js';
import { reverseDecoder } from '../models/reverseDecoder.js';
import { declare, within } from '../nn/layers.js';
import { globalCosineLoss } from '../nn/losses.js';
/** Tensors of the frozen encoder (`encoder.*`) and of what is trained (`bottleneck.*`, `decoder.*`). */
export function revdistSpecs(config) {
    const images = input('images', [1, 3, 64, 64]);
    let features;
    const frozen = declare((layers) => {
        features = encode(layers, images, config);
    });
    return { frozen, trained: declare((layers) => rebuild(layers, features, config)) };
}
/** Images [N, 3, S, S] -> the encoder's features at strides 4, 8, 16. */
export const encode = (layers, images, config) => within(layers, 'encoder', (inner) => resnetFeatures(inner, images, config));
/** The bottleneck's feature, and the encoder's features as the decoder rebuilds them from it. */
export function rebuild(layers, features, config) {
    const embedding = within(layers, 'bottleneck', (inner) => bottleneck(inner, features, config));
    return {
        embedding,
        rebuilt: within(layers, 'decoder', (inner) => reverseDecoder(inner, embedding, config)),
    };
}
/** Sum over the scales of one cosine distance per sample, mean over the batch (methods.md 4.4). */
export const revdistLoss = (features, rebuilt) => features.map((f, i) => globalCosineLoss(f, rebuilt[i])).reduce((sum, term) => add(sum, term));
/** Mean over the scales of 1 - cos, each resized to `size` with aligned corners: [N, 1, size, size]. */
export function anomalyMap(features, rebuilt, size) {
    const maps = features.map((f, i) => {
        const distance = cosineMap(f, rebuilt[i]);
        const [n, h, w] = distance.shape;
        return interpolate(reshape(distance, [n, 1, h, w]), { size, alignCorners: true });
    });
    return scale(maps.reduce((sum, map) => add(sum, map)), 1 / maps.length);
}
/** The paper's settings; the schedule where it is silent is the author's (methods.md 4.1). */
export const REVDIST_DEFAULTS = {
    size: 256,
    batch: 16,
    iterations: 5000,
    optimiser: {
        kind: 'adamw',
        lr: 2e-3,
        betas: [0.9, 0.999],
        eps: 1e-8,
        weightDecay: 1e-5,
        amsgrad: false,
    },
    /** The learning rate falls to a fifth at 80 % of the iterations. */
    dropAt: 0.8,
    dropTo: 0.2,
    /** Smooth-L1's threshold for the regressor: fits the mean of three cosine maps. */
    alignAlpha: 0.1,
};
/** The learning rate at `step` of `iterations`. */
export const revdistRate = (step, iterations, lr) => step < Math.floor(REVDIST_DEFAULTS.dropAt * iterations) ? lr : lr * REVDIST_DEFAULTS.dropTo;
//# sourceMappingURL=revdist.js.map