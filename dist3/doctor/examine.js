import { benchKernels } from '../bench/kernels.js';
import { input } from '../graph/value.js';
import { encode, revdistSpecs } from '../methods/revdist.js';
import { RESNETS } from '../models/resnet.js';
import { bindNetwork, networkLayout } from '../nn/trainable.js';
import { RandomStream } from '../random.js';
import { product } from '../shape.js';
import { loadWeights } from '../train/encoderWeights.js';
import { encoder64 } from './encoderReference.js';
import { checkInputs, OP_CHECKS } from './opChecks.js';
/** float32 over sums of some hundred terms stays well below this; a broken driver does not. */
const MOST_RELATIVE = 1e-4;
/** Every kind of kernel and the embedded encoder against float64, then the adapter's pace. */
export async function examine(session, onProgress) {
    const findings = [];
    const steps = OP_CHECKS.length + 2;
    for (const check of OP_CHECKS) {
        const data = check.inputs.map((shape, i) => randomArray(shape, i));
        const out = check.run(...checkInputs(check));
        const got = await evaluate(session, check.name, [out], data);
        findings.push(compare(check.name, got[0], check.reference(...data)));
        onProgress(findings.length, steps);
    }
    findings.push(await examineEncoder(session));
    onProgress(steps - 1, steps);
    const records = await benchKernels(session, /^(matmul|copy) /, () => { });
    onProgress(steps, steps);
    const best = (rate) => Math.max(...records.map((record) => record[rate] ?? 0));
    return { findings, peakGflops: best('gflops'), copyGbs: best('gbs') };
}
async function examineEncoder(session) {
    const weights = await loadWeights('embedded', 'encoder');
    const layout = networkLayout('doctor encoder', revdistSpecs(RESNETS.resnet18_w16).frozen);
    session.load(layout, weights);
    const image = randomArray([1, 3, 64, 64], 0);
    const { layers } = bindNetwork(layout, { training: false });
    const taps = encode(layers, input('input 0', image.shape), RESNETS.resnet18_w16);
    const got = await evaluate(session, 'encoder', taps, [image]);
    const want = encoder64(weights, image);
    const parts = want.map(({ data }, i) => compare('', got[i], data));
    return {
        name: 'embedded encoder',
        maxAbsolute: Math.max(...parts.map((part) => part.maxAbsolute)),
        maxRelative: Math.max(...parts.map((part) => part.maxRelative)),
        ok: parts.every((part) => part.ok),
    };
}
/** Uniform in [-2, 2), exactly representable in float32. */
function randomArray(shape, stream) {
    const random = new RandomStream(0, stream);
    return {
        shape,
        data: Float64Array.from({ length: product(shape) }, () => Math.fround(random.between(-2, 2))),
    };
}
async function evaluate(session, label, outs, inputs) {
    const outputs = new Map(outs.map((out, i) => [String(i), out]));
    const executable = await session.compile(label, { outputs, effects: [] });
    executable.run(Object.fromEntries(inputs.map(({ data }, i) => [`input ${i}`, Float32Array.from(data)])));
    const out = await executable.read();
    executable.destroy();
    return outs.map((_, i) => out.get(String(i)));
}
function compare(name, got, want) {
    let [maxAbsolute, magnitude] = [0, Number.MIN_VALUE];
    for (const [i, value] of want.entries()) {
        const difference = Math.abs(got[i] - value);
        // A NaN must count as the worst there is.
        maxAbsolute = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(maxAbsolute, difference);
        magnitude = Math.max(magnitude, Math.abs(value));
    }
    const maxRelative = maxAbsolute / magnitude;
    return { name, maxAbsolute, maxRelative, ok: maxRelative < MOST_RELATIVE };
}
//# sourceMappingURL=examine.js.map