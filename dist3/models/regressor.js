import { conv2d } from '../graph/ops/conv.js';
import { linear } from '../graph/ops/matmul.js';
import { relu } from '../graph/ops/pointwise.js';
import { globalAvgPool2d } from '../graph/ops/pool.js';
import { dropout } from '../nn/dropout.js';
import { pytorchDefault, uniformFanIn } from '../nn/init.js';
import { within } from '../nn/layers.js';
import { norm } from './blocks.js';
/**
 * CADA's head (methods.md 7.3): conv keeping the channels, BN, ReLU, pool, dropout, two linear layers.
 * Bottleneck feature [N, C, h, w] -> [N, outputs].
 */
export function alignHead(layers, feature, config) {
    const { outputs, hidden = 256, dropout: rate = 0.25, kernel = 1 } = config;
    const channels = feature.shape[1];
    const convolved = within(layers, 'conv', (inner) => conv2d(feature, inner.parameter('weight', [channels, channels, kernel, kernel], pytorchDefault), {
        padding: (kernel - 1) / 2,
    }));
    const pooled = globalAvgPool2d(relu(norm(layers, 'bn', convolved)));
    const dropped = layers.training && rate > 0 ? drop(layers, pooled, rate) : pooled;
    return dense(layers, 'fc2', relu(dense(layers, 'fc1', dropped, hidden)), outputs);
}
function drop(layers, x, rate) {
    const { key, site } = layers.random();
    return dropout(x, rate, key, site);
}
function dense(layers, name, x, out) {
    return within(layers, name, (inner) => {
        const fanIn = x.shape[1];
        const weight = inner.parameter('weight', [out, fanIn], pytorchDefault);
        return linear(x, weight, inner.parameter('bias', [out], uniformFanIn(fanIn)));
    });
}
//# sourceMappingURL=regressor.js.map