import { conv2d64, map64, maxPool64, perChannel64 } from './float64.js';
/** ResNet-18's layers 1 to 3 in float64, from a state dict under `encoder.`. images [N, 3, H, W]. */
export function encoder64(weights, images) {
    const tensor = (name) => {
        const { shape, data } = weights.get(`encoder.${name}`);
        return { shape, data: Float64Array.from(data) };
    };
    const norm = (x, name) => {
        const [weight, bias, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => tensor(`${name}.${part}`).data);
        return perChannel64(x, (value, c) => ((value - mean[c]) / Math.sqrt(variance[c] + 1e-5)) * weight[c] + bias[c]);
    };
    const relu = (x) => map64(x, (value) => Math.max(0, value));
    const conv = (x, name, stride) => {
        const w = tensor(`${name}.weight`);
        return conv2d64(x, w, { stride, padding: Math.floor(w.shape[2] / 2) });
    };
    const block = (x, name, stride) => {
        const first = relu(norm(conv(x, `${name}.conv1`, stride), `${name}.bn1`));
        const second = norm(conv(first, `${name}.conv2`, 1), `${name}.bn2`);
        const short = weights.has(`encoder.${name}.downsample.0.weight`)
            ? norm(conv(x, `${name}.downsample.0`, stride), `${name}.downsample.1`)
            : x;
        return relu(map64(second, (value, i) => value + short.data[i]));
    };
    const layer = (x, stage) => block(block(x, `layer${stage}.0`, stage === 1 ? 1 : 2), `layer${stage}.1`, 1);
    const stem = maxPool64(relu(norm(conv(images, 'conv1', 2), 'bn1')));
    const f1 = layer(stem, 1);
    const f2 = layer(f1, 2);
    return [f1, f2, layer(f2, 3)];
}
//# sourceMappingURL=encoderReference.js.map