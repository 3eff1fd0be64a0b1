import { CADA_DEFAULTS } from '../methods/cada.js';
import { initialize } from '../nn/init.js';
import { revdistLayouts, scorePlan } from '../train/revdistPlans.js';
import { measurePlan } from './planCase.js';
/** Time of scoring a batch, with and without CADA: network, map, calibration, smoothing, score; fresh weights. */
export async function benchLatency(session, options) {
    const { models, batches, size, onCase } = options;
    const cases = models.flatMap((encoder) => batches.map((batch) => ({ encoder, batch })));
    const records = [];
    for (const [done, { encoder, batch }] of cases.entries()) {
        const config = {
            encoder,
            batch,
            size,
            smoothing: 'author',
            scoreFraction: CADA_DEFAULTS.scoreFraction,
        };
        const layouts = revdistLayouts(config, 1);
        for (const layout of [layouts.encoder, layouts.detector, layouts.regressor]) {
            session.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], 0));
        }
        for (const alignment of ['none', 'cada']) {
            const graph = scorePlan(config, layouts, [alignment], 1, { maps: false });
            const name = { suite: 'latency', name: `${encoder} ${alignment}`, shape: `${batch} x ${size} px` };
            records.push(await measurePlan(session, name, graph));
        }
        onCase(done + 1, cases.length);
    }
    return records;
}
//# sourceMappingURL=latency.js.map