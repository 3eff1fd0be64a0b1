import { product } from '../shape.js';
import { read, readWrite } from './kernel.js';
import { perElement } from './perElement.js';
import { code, floatLiteral, wgsl } from './wgsl.js';
/** A kernel over a whole slab whose bindings are the op's inputs in order; nothing else is written. */
function inPlace({ label, inputs }, names, updated, flops, layout, body) {
    const total = product(inputs[0].shape);
    const kernel = perElement({
        label,
        bindings: names.map((name, i) => i < updated ? readWrite(name, total) : read(name, product(inputs[i].shape), inputs[i].element)),
        total,
        flops: flops * total,
        layout,
        body,
    });
    return { steps: [{ kernel, operands: names.map((_, i) => i) }], scratch: [] };
}
const assign = (request) => inPlace(request, ['state', 'value'], 1, 0, 'state = value.', wgsl `state[i] = value[i];`);
/** attrs: rate. */
const assignAverage = (request) => {
    const { rate } = request.attrs;
    return inPlace(request, ['state', 'value'], 1, 3, 'A running mean: state moves towards value by a fixed share.', wgsl `state[i] = state[i] + ${code(floatLiteral(rate))} * (value[i] - state[i]);`);
};
const adam = (amsgrad) => (request) => {
    const { beta1, beta2, eps, weightDecay } = request.attrs;
    const literal = (value) => code(floatLiteral(value));
    const largest = amsgrad
        ? wgsl `
        let second = max(vmax[i], v_new);
        vmax[i] = second;`
        : wgsl `let second = v_new;`;
    return inPlace(request, ['p', 'm', 'v', ...(amsgrad ? ['vmax'] : []), 'grad', 'settings'], amsgrad ? 4 : 3, 20, 'AdamW over a slab of parameters. settings: lr, 1 - beta1^t, 1 - beta2^t.', wgsl `
        let lr = settings[0];
        let g = grad[i];
        let m_new = ${literal(beta1)} * m[i] + ${literal(1 - beta1)} * g;
        let v_new = ${literal(beta2)} * v[i] + ${literal(1 - beta2)} * g * g;
        ${largest}
        let decayed = p[i] * (1.0 - lr * ${literal(weightDecay)});
        let denominator = sqrt(second) / sqrt(settings[2]) + ${literal(eps)};
        m[i] = m_new;
        v[i] = v_new;
        p[i] = decayed - lr / settings[1] * m_new / denominator;`);
};
/** attrs: momentum, weightDecay. */
const sgd = (request) => {
    const { momentum, weightDecay } = request.attrs;
    return inPlace(request, ['p', 'buf', 'grad', 'settings'], 2, 6, 'SGD over a slab of parameters. settings: lr, 1 at the first step (the buffer then starts at the gradient).', wgsl `
      let g = grad[i] + ${code(floatLiteral(weightDecay))} * p[i];
      let momentum = select(${code(floatLiteral(momentum))} * buf[i] + g, g, settings[1] != 0.0);
      buf[i] = momentum;
      p[i] = p[i] - settings[0] * momentum;`);
};
export const updateKernels = {
    assign,
    assignAverage,
    adamw: adam(false),
    adamwAmsgrad: adam(true),
    sgd,
};
//# sourceMappingURL=update.js.map