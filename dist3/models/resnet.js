import { relu } from '../graph/ops/pointwise.js';
import { maxPool2d } from '../graph/ops/pool.js';
import { within } from '../nn/layers.js';
import { conv, norm, residualBlock } from './blocks.js';
export const RESNETS = {
    resnet18: { base: 64, blocks: [2, 2, 2, 2], expansion: 1, widen: 1 },
    resnet34: { base: 64, blocks: [3, 4, 6, 3], expansion: 1, widen: 1 },
    resnet50: { base: 64, blocks: [3, 4, 6, 3], expansion: 4, widen: 1 },
    wide_resnet50_2: { base: 64, blocks: [3, 4, 6, 3], expansion: 4, widen: 2 },
    /** A quarter of resnet18's channels; its weights ship with the package. See docs/encoder.md. */
    resnet18_w16: { base: 16, blocks: [2, 2, 2, 2], expansion: 1, widen: 1 },
    /** Half of resnet18's channels. */
    resnet18_w32: { base: 32, blocks: [2, 2, 2, 2], expansion: 1, widen: 1 },
};
/** Output channels of layers 1 to 3. */
export const featureChannels = ({ base, expansion }) => [
    base * expansion,
    2 * base * expansion,
    4 * base * expansion,
];
/** Images [N, 3, H, W], normalised -> features of layers 1, 2, 3 at strides 4, 8, 16. H, W multiples of 32. */
export function resnetFeatures(layers, x, config) {
    const stem = maxPool2d(relu(norm(layers, 'bn1', conv(layers, 'conv1', x, config.base, 7, 2))), {
        kernel: 3,
        stride: 2,
        padding: 1,
    });
    const f1 = resnetLayer(layers, 1, stem, config);
    const f2 = resnetLayer(layers, 2, f1, config);
    return [f1, f2, resnetLayer(layers, 3, f2, config)];
}
/** One of the four stages. */
export function resnetLayer(layers, stage, x, config) {
    const planes = config.base * 2 ** (stage - 1);
    return within(layers, `layer${stage}`, (inner) => {
        let y = x;
        for (let block = 0; block < config.blocks[stage - 1]; block++) {
            const stride = block === 0 && stage > 1 ? 2 : 1;
            y = within(inner, String(block), (each) => residualBlock(each, y, {
                planes,
                stride,
                width: planes * config.widen,
                expansion: config.expansion,
            }));
        }
        return y;
    });
}
//# sourceMappingURL=resnet.js.map