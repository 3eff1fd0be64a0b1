import { readSafetensors } from '../formats/safetensors.js';
import { refuseNonFinite } from './encoderWeights.js';
import { revdistLayouts, scorePlan } from './revdistPlans.js';
import { runFiles } from './runFolder.js';
import { openSession } from './session.js';
const LATENCY_ROUNDS = 5;
/** @param options.alignments default: none and all that the run was trained with. */
export async function openScorer(run, config, options = {}) {
    const path = runFiles(run).weights;
    const { tensors, metadata } = await readSafetensors(path);
    for (const [name, { data }] of tensors)
        refuseNonFinite(path, name, data);
    const classes = JSON.parse(metadata.get('classes') ?? '[]');
    const alignments = options.alignments ?? [...new Set(['none', ...config.align])];
    const session = await openSession(options.adapter);
    try {
        const layouts = revdistLayouts(config, classes.length);
        const weights = tensors;
        session.load(layouts.encoder, weights, path);
        session.load(layouts.detector, weights, path);
        if (alignments.includes('cada'))
            session.load(layouts.regressor, weights, path);
        if (alignments.includes('classifier'))
            session.load(layouts.classifier, weights, path);
        const compile = (label, wanted) => session.compile(label, scorePlan(config, layouts, wanted, classes.length));
        const executable = await compile('score', alignments);
        const table = tensors.get('table')?.data ?? new Float32Array(2 * classes.length);
        const { batch, size } = config;
        return {
            adapter: session.gpu.adapter.name + (session.gpu.adapter.software ? ' (software)' : ''),
            alignments,
            classes,
            async score(images, labels) {
                const count = labels.length;
                const padded = new Float32Array(batch * 3 * size * size);
                padded.set(images);
                const indices = new Int32Array(batch);
                indices.set(labels.map((label) => Math.max(0, label)));
                executable.run({ images: padded, labels: indices, table });
                const out = await executable.read();
                const part = (name, i, width) => out.get(name).slice(i * width, (i + 1) * width);
                return Array.from({ length: count }, (_, i) => ({
                    scores: new Map(alignments.map((each) => [each, out.get(`score.${each}`)[i]])),
                    maps: new Map(alignments.map((each) => [each, part(`map.${each}`, i, size * size)])),
                    statistics: new Map(alignments
                        .filter((each) => out.has(`statistics.${each}`))
                        .map((each) => [each, [...part(`statistics.${each}`, i, 2)]])),
                }));
            },
            async latency(alignment) {
                const inputs = {
                    images: new Float32Array(batch * 3 * size * size),
                    labels: new Int32Array(batch),
                    table,
                };
                const plans = [
                    await compile('score without alignment', ['none']),
                    await compile('score aligned', [alignment]),
                ];
                const times = plans.map(() => []);
                for (let round = 0; round <= LATENCY_ROUNDS; round++) {
                    for (const [i, plan] of plans.entries()) {
                        const started = performance.now();
                        plan.run(inputs);
                        await plan.read([`score.${i === 0 ? 'none' : alignment}`]);
                        // The first round compiles on some drivers.
                        if (round > 0)
                            times[i].push(performance.now() - started);
                    }
                }
                for (const plan of plans)
                    plan.destroy();
                const [bare, aligned] = times.map(median);
                return {
                    msPerImage: aligned / batch,
                    alignShare: alignment === 'none' ? 0 : Math.max(0, 1 - bare / aligned),
                };
            },
            close: () => session.close(),
        };
    }
    catch (error) {
        session.close();
        throw error;
    }
}
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
//# sourceMappingURL=scorer.js.map