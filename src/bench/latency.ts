import { type Alignment, UNALIGNED } from '../methods/alignments/index.ts';
import { requireHalf } from '../plan/limits.ts';
import { RandomStream } from '../random.ts';
import type { Session } from '../runtime/session.ts';
import { scorePlan } from '../score/scorePlan.ts';
import type { DeviceClock } from './deviceClock.ts';
import { scoringConfig } from './networks.ts';
import type { Pace } from './planCase.ts';
import { measurePlan } from './planCase.ts';
import type { BenchRecord } from './record.ts';
import { relativeDistance } from './relativeDistance.ts';
import {
  loadedCases,
  loadFresh,
  type ScoreChoice,
  type ScoringConfig,
  scoreCaseName,
  scoreCases,
} from './scoreCases.ts';

export interface LatencyOptions extends ScoreChoice {
  readonly alignments: readonly Alignment[];
  readonly pace: Pace;
  /** That of the session's device; default none. */
  readonly clock?: DeviceClock;
  readonly onCase: (done: number, of: number) => void;
}

/**
 * Time of scoring a batch under each alignment: network, map, calibration, smoothing, score; fresh weights. In f16 with
 * how far the maps lie from those in f32.
 */
export async function benchLatency(session: Session, options: LatencyOptions): Promise<BenchRecord[]> {
  const { precision = 'f32' } = options;
  if (precision === 'f16') requireHalf(session.gpu.facts, 'bench latency --precision f16');
  const suffix = precision === 'f32' ? '' : ` ${precision}`;
  const chosen = scoreCases(
    options,
    options.alignments.map((alignment) => ({ part: `${alignment}${suffix}`, alignment })),
  );
  const records: BenchRecord[] = [];
  for (const { label, shape, encoder, size, graphOf, parts } of loadedCases(session, options, chosen)) {
    const model = scoringConfig(options.method, encoder, { batch: 1, size, images: options.images });
    const error = precision === 'f16' ? await mapError(session, model) : undefined;
    for (const { alignment, part } of parts) {
      const name = { suite: 'latency', name: scoreCaseName(label, part), shape };
      const record = await measurePlan(session, name, graphOf(alignment), options);
      records.push(error === undefined ? record : { ...record, error });
    }
    options.onCase(
      records.length,
      chosen.reduce((sum, each) => sum + each.parts.length, 0),
    );
  }
  return records;
}

/** Relative L2 distance between one image's anomaly maps in f16 and in f32, with the same fresh weights. */
async function mapError(session: Session, model: ScoringConfig): Promise<number> {
  const random = new RandomStream(0);
  const images = Float32Array.from({ length: 3 * model.size ** 2 }, () => random.between(-2, 2));
  const maps: Float32Array[] = [];
  for (const precision of ['f32', 'f16'] as const) {
    const config = { ...model, precision };
    const layouts = loadFresh(session, config);
    const executable = await session.compile(
      `maps in ${precision}`,
      scorePlan(config, layouts, [UNALIGNED], 1),
    );
    executable.run({ images });
    maps.push((await executable.read(['map.none'])).get('map.none') as Float32Array);
    executable.destroy();
  }
  const [full, half] = maps as [Float32Array, Float32Array];
  return relativeDistance(half, full);
}
