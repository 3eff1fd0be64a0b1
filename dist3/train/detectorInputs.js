import { TAP_NAMES, tapShapes, tapsPlan } from './revdistPlans.js';
/** Host memory that the encoder's features of all training images may take. */
const TAP_CACHE_BYTES = 2 ** 30;
/**
 * The encoder is frozen and training images are not augmented, so its features are computed once where they fit
 * into `limit` bytes, and from the image at every step where they do not. Both give the same numbers.
 */
export async function detectorInputs(session, config, layouts, loader, paths, onBatch, limit = TAP_CACHE_BYTES) {
    const images = (indices) => loader.loadBatch(indices.map((i) => paths[i]));
    const widths = tapShapes(config).map(([c, h, w]) => c * h * w);
    const bytes = 4 * paths.length * widths.reduce((sum, width) => sum + width, 0);
    if (bytes > limit) {
        return { source: 'images', at: async (indices) => ({ images: await images(indices) }) };
    }
    const cached = widths.map((width) => new Float32Array(paths.length * width));
    const executable = await session.compile('encoder features', tapsPlan(config, layouts));
    for (let first = 0; first < paths.length; first += config.batch) {
        const picked = Array.from({ length: config.batch }, (_, i) => Math.min(first + i, paths.length - 1));
        executable.run({ images: await images(picked) });
        const out = await executable.read();
        const count = Math.min(config.batch, paths.length - first);
        for (const [tap, width] of widths.entries()) {
            const found = out.get(TAP_NAMES[tap]);
            cached[tap].set(found.subarray(0, count * width), first * width);
        }
        onBatch(first + count, paths.length);
    }
    executable.destroy();
    return {
        source: 'taps',
        async at(indices) {
            const batch = widths.map((width) => new Float32Array(indices.length * width));
            for (const [at, i] of indices.entries()) {
                for (const [tap, width] of widths.entries()) {
                    batch[tap].set(cached[tap].subarray(i * width, (i + 1) * width), at * width);
                }
            }
            return Object.fromEntries(TAP_NAMES.map((name, tap) => [name, batch[tap]]));
        },
    };
}
//# sourceMappingURL=detectorInputs.js.map