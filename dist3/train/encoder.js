import { input } from '../graph/value.js';
import { encode, revdistSpecs } from '../methods/revdist.js';
import { RESNETS } from '../models/resnet.js';
import { bindNetwork, networkLayout } from '../nn/trainable.js';
import { loadWeights } from './encoderWeights.js';
import { openSession } from './session.js';
export const LAYER_NAMES = ['layer1', 'layer2', 'layer3'];
/** @param size height and width of every image, multiples of 32. @throws WeightsError, FileError, GpuError. */
export async function openEncoder(name, weights, size, adapter) {
    const tensors = await loadWeights(weights, 'encoder');
    const session = await openSession(adapter);
    try {
        const layout = networkLayout('encoder', revdistSpecs(RESNETS[name]).frozen);
        session.load(layout, tensors, weights);
        const { layers } = bindNetwork(layout, { training: false });
        const taps = encode(layers, input('image', [1, 3, ...size]), RESNETS[name]);
        const outputs = new Map(LAYER_NAMES.map((layer, i) => [layer, taps[i]]));
        const executable = await session.compile('features', { outputs, effects: [] });
        return {
            async features(image) {
                executable.run({ image });
                const out = await executable.read();
                return new Map(LAYER_NAMES.map((layer, i) => [
                    layer,
                    { shape: taps[i].shape.slice(1), data: out.get(layer) },
                ]));
            },
            close: () => session.close(),
        };
    }
    catch (error) {
        session.close();
        throw error;
    }
}
//# sourceMappingURL=encoder.js.map