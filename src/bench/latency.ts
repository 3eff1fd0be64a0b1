import type { Alignment } from '../methods/cada.ts';
import { CADA_DEFAULTS } from '../methods/cada.ts';
import type { ResNetName } from '../models/resnet.ts';
import { initialize } from '../nn/init.ts';
import { revdistLayouts, scorePlan } from '../train/revdistPlans.ts';
import type { Session } from '../train/session.ts';
import { measurePlan } from './planCase.ts';
import type { BenchRecord } from './record.ts';

export interface LatencyOptions {
  readonly models: readonly ResNetName[];
  readonly batches: readonly number[];
  readonly size: number;
  readonly onCase: (done: number, of: number) => void;
}

/** Time of scoring a batch, with and without CADA: network, map, calibration, smoothing, score; fresh weights. */
export async function benchLatency(session: Session, options: LatencyOptions): Promise<BenchRecord[]> {
  const { models, batches, size, onCase } = options;
  const cases = models.flatMap((encoder) => batches.map((batch) => ({ encoder, batch })));
  const records: BenchRecord[] = [];
  for (const [done, { encoder, batch }] of cases.entries()) {
    const config = {
      encoder,
      batch,
      size,
      smoothing: 'author',
      scoreFraction: CADA_DEFAULTS.scoreFraction,
    } as const;
    const layouts = revdistLayouts(config, 1);
    for (const layout of [layouts.encoder, layouts.detector, layouts.regressor]) {
      session.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], 0));
    }
    for (const alignment of ['none', 'cada'] as const satisfies Alignment[]) {
      const graph = scorePlan(config, layouts, [alignment], 1, { maps: false });
      const name = { suite: 'latency', name: `${encoder} ${alignment}`, shape: `${batch} x ${size} px` };
      records.push(await measurePlan(session, name, graph));
    }
    onCase(done + 1, cases.length);
  }
  return records;
}
