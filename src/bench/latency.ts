import { WgadError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { Alignment } from '../methods/cada.ts';
import type { ResNetName } from '../models/resnet.ts';
import { initialize } from '../nn/init.ts';
import { compilePlan } from '../runtime/executable.ts';
import { idle } from '../runtime/gpu.ts';
import { scorePlan } from '../train/detectorPlans.ts';
import { runLayouts } from '../train/layouts.ts';
import type { Session } from '../train/session.ts';
import { alternate } from './alternate.ts';
import { revdistConfig } from './networks.ts';
import type { Pace } from './pace.ts';
import { measurePlan, planRecord } from './planCase.ts';
import { planDifference, planPart } from './planPart.ts';
import type { BenchRecord } from './record.ts';
import { SAMPLE_MS, sample, type Timing } from './sampler.ts';

export interface LatencyOptions {
  readonly models: readonly ResNetName[];
  readonly batches: readonly number[];
  readonly size: number;
  readonly pace: Pace;
  readonly onCase: (done: number, of: number) => void;
}

/** Time of scoring a batch, with and without CADA: network, map, calibration, smoothing, score; fresh weights. */
export async function benchLatency(session: Session, options: LatencyOptions): Promise<BenchRecord[]> {
  const records: BenchRecord[] = [];
  for (const { encoder, shape, graphOf } of cases(session, options)) {
    for (const alignment of ['none', 'cada'] as const) {
      const name = { suite: 'latency', name: `${encoder} ${alignment}`, shape };
      records.push(await measurePlan(session, name, graphOf(alignment), options));
    }
    options.onCase(records.length / 2, options.models.length * options.batches.length);
  }
  return records;
}

interface ScoreCase {
  readonly encoder: ResNetName;
  readonly shape: string;
  readonly graphOf: (alignment: Alignment) => Graph;
}

/** One after another: each leaves its weights on the device. */
function* cases(session: Session, { models, batches, size }: LatencyOptions): Generator<ScoreCase> {
  for (const encoder of models) {
    for (const batch of batches) {
      const config = revdistConfig(encoder, { batch, size });
      const layouts = runLayouts(config, 1);
      for (const layout of [...layouts.parts, layouts.heads.regressor]) {
        session.load(layout, initialize([...layout.parameters.specs, ...layout.buffers.specs], 0));
      }
      yield {
        encoder,
        shape: `${batch} x ${size} px`,
        graphOf: (alignment) => scorePlan(config, layouts, [alignment], 1, { maps: false }),
      };
    }
  }
}

/**
 * What CADA adds to scoring, in dispatch time: the dispatches that its plan has and the plan without alignment has
 * not (regressor and calibration), replayed alone by turns with the whole plan without. Two records a case: that
 * plan, and the added part with `adds`.
 */
export async function benchAdded(session: Session, options: LatencyOptions): Promise<BenchRecord[]> {
  const records: BenchRecord[] = [];
  for (const { encoder, shape, graphOf } of cases(session, options)) {
    records.push(...(await added(session, encoder, shape, graphOf, options.pace)));
    options.onCase(records.length / 2, options.models.length * options.batches.length);
  }
  return records;
}

async function added(
  session: Session,
  encoder: string,
  shape: string,
  graphOf: ScoreCase['graphOf'],
  pace: Pace,
): Promise<BenchRecord[]> {
  const { gpu } = session;
  const none = await session.compile('score without alignment', graphOf('none'));
  const aligned = await session.compile('score with CADA', graphOf('cada'));
  const { onlyA: saved, onlyB: extra } = planDifference(none.plan, aligned.plan);
  if (saved.length > 0) {
    throw new WgadError(
      'E_CONFIG',
      `${encoder} ${shape}: the plan with CADA lacks ${saved.length} dispatches of the plan without, so what it adds is no part of its own: ${saved.map(({ kernel }) => kernel.label).join(', ')}`,
    );
  }
  const part = await compilePlan(gpu, planPart(aligned.plan, 'what CADA adds', extra), session.state);
  try {
    // So many that one wait does not count; `alternate` waits for each of its runs.
    const runs = {
      enqueue: (n: number) => repeat(n, () => part.run()),
      finish: () => idle(gpu),
    };
    const times = Math.max(1, Math.ceil(SAMPLE_MS / (await sample(runs, 1)).medianMs));
    const duel = await alternate(
      async () => {
        none.run();
        await idle(gpu);
      },
      async () => {
        repeat(times, () => part.run());
        await idle(gpu);
      },
    );
    const record = (name: string, plan: typeof none, timing: Timing): BenchRecord =>
      planRecord(session, { suite: 'latency', name: `${encoder} ${name}`, shape }, plan, timing, pace);
    return [
      record('none', none, duel.ours),
      {
        ...record('what cada adds', part, scaled(duel.theirs, times)),
        adds: duel.ratio / times,
        addsP10: duel.ratioP10 / times,
        addsP90: duel.ratioP90 / times,
      },
    ];
  } finally {
    for (const executable of [none, aligned, part]) executable.destroy();
  }
}

function repeat(times: number, run: () => void): void {
  for (let i = 0; i < times; i++) run();
}

const scaled = ({ medianMs, p10Ms, p90Ms, runs }: Timing, times: number): Timing => ({
  medianMs: medianMs / times,
  p10Ms: p10Ms / times,
  p90Ms: p90Ms / times,
  runs: runs * times,
});

/** For people: the part's share of the plan it is added to. */
export const addedText = (records: readonly BenchRecord[]): string[] =>
  records.flatMap(({ name, shape, variant, adds, addsP10, addsP90 }) =>
    adds === undefined
      ? []
      : [
          `${name}, ${shape}: ${percent(adds)} (${percent(addsP10!)} to ${percent(addsP90!)}) of the dispatch time without, in ${variant}`,
        ],
  );

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
