import { collectPlan } from './revdistPlans.js';
/** One pass of the frozen detector over the training images: the heads then train without it. */
export async function collectTargets(session, config, layouts, inputs, images, onBatch) {
    const executable = await session.compile('collect', collectPlan(config, layouts, inputs.source));
    const [, c, h, w] = executable.plan.outputs.get('embedding').shape;
    const width = c * h * w;
    const targets = {
        features: new Float32Array(images * width),
        u: new Float32Array(images),
        gamma: new Float32Array(images),
    };
    for (let first = 0; first < images; first += config.batch) {
        const picked = Array.from({ length: config.batch }, (_, i) => Math.min(first + i, images - 1));
        executable.run(await inputs.at(picked));
        const out = await executable.read();
        const count = Math.min(config.batch, images - first);
        targets.features.set(out.get('embedding').subarray(0, count * width), first * width);
        targets.u.set(out.get('u').subarray(0, count), first);
        targets.gamma.set(out.get('gamma').subarray(0, count), first);
        onBatch(first + count, images);
    }
    executable.destroy();
    return targets;
}
/** Means over each class's training images (methods.md 7.1). */
export function classTable(dataset, targets) {
    const values = new Float32Array(dataset.classes.length * 2);
    dataset.classes.forEach((name, c) => {
        const own = dataset.train.flatMap((sample, i) => (sample.className === name ? [i] : []));
        values[2 * c] = own.reduce((sum, i) => sum + targets.u[i], 0) / own.length;
        values[2 * c + 1] = own.reduce((sum, i) => sum + targets.gamma[i], 0) / own.length;
    });
    return { classes: dataset.classes, values };
}
//# sourceMappingURL=collect.js.map