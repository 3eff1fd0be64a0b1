import { WgadError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { Alignment } from '../methods/cada.ts';
import type { Part } from '../methods/detector.ts';
import { DETECTORS, type DetectorName } from '../methods/detectors.ts';
import { initialize, pytorchDefault, type StateDict } from '../nn/init.ts';
import type { NetworkLayout } from '../nn/trainable.ts';
import { compilePlan } from '../runtime/executable.ts';
import { idle } from '../runtime/gpu.ts';
import type { RunConfig } from '../train/config.ts';
import { scorePlan } from '../train/detectorPlans.ts';
import { runLayouts } from '../train/layouts.ts';
import type { Session } from '../train/session.ts';
import { alternate } from './alternate.ts';
import { scoringConfig } from './networks.ts';
import type { Pace } from './pace.ts';
import { measurePlan, planRecord } from './planCase.ts';
import { planDifference, planPart } from './planPart.ts';
import type { BenchRecord } from './record.ts';
import { SAMPLE_MS, sample, type Timing } from './sampler.ts';

export interface LatencyOptions {
  readonly method: DetectorName;
  /** Encoders that the method works with. */
  readonly models: readonly RunConfig['encoder'][];
  readonly batches: readonly number[];
  /** Default: the method's. */
  readonly size?: number;
  /** Training images behind the method's memory, where it grows with them. */
  readonly images: number;
  /** Of `benchLatency`. */
  readonly alignments: readonly Alignment[];
  readonly pace: Pace;
  readonly onCase: (done: number, of: number) => void;
}

/** Time of scoring a batch under each alignment: network, map, calibration, smoothing, score; fresh weights. */
export async function benchLatency(session: Session, options: LatencyOptions): Promise<BenchRecord[]> {
  const records: BenchRecord[] = [];
  const { models, batches, alignments } = options;
  for (const { label, shape, graphOf } of cases(session, options)) {
    for (const alignment of alignments) {
      const name = { suite: 'latency', name: `${label} ${alignment}`, shape };
      records.push(await measurePlan(session, name, graphOf(alignment), options));
    }
    options.onCase(records.length / alignments.length, models.length * batches.length);
  }
  return records;
}

interface ScoreCase {
  /** The encoder, after the method where it is another than reverse distillation. */
  readonly label: string;
  readonly shape: string;
  readonly graphOf: (alignment: Alignment) => Graph;
}

/** One after another: each leaves its weights on the device. */
function* cases(session: Session, options: LatencyOptions): Generator<ScoreCase> {
  const { method, models, batches, images } = options;
  const { size = DETECTORS[method].defaults.size } = options;
  for (const encoder of models) {
    for (const batch of batches) {
      const config = scoringConfig(method, encoder, { batch, size, images });
      const layouts = runLayouts(config, 1);
      for (const layout of [...layouts.parts, layouts.heads.regressor]) {
        session.load(layout, fresh(layout));
      }
      yield {
        label: [...(method === 'revdist' ? [] : [method]), ...(encoder === 'none' ? [] : [encoder])].join(
          ' ',
        ),
        shape: `${batch} x ${size} px`,
        graphOf: (alignment) => scorePlan(config, layouts, [alignment], 1, { maps: false }),
      };
    }
  }
}

/** A memory of nothing would be searched in another time: its rows are drawn as weights are. */
function fresh({ parameters, buffers, start }: NetworkLayout & { start?: Part['start'] }): StateDict {
  const specs = [...parameters.specs, ...buffers.specs];
  return initialize(start === 'memory' ? specs.map((spec) => ({ ...spec, init: pytorchDefault })) : specs, 0);
}

/**
 * What CADA adds to scoring, in dispatch time: the dispatches that its plan has and the plan without alignment has
 * not (regressor and calibration), replayed alone by turns with the whole plan without. Two records a case: that
 * plan, and the added part with `adds`.
 */
export async function benchAdded(session: Session, options: LatencyOptions): Promise<BenchRecord[]> {
  const records: BenchRecord[] = [];
  for (const { label, shape, graphOf } of cases(session, options)) {
    records.push(...(await added(session, label, shape, graphOf, options.pace)));
    options.onCase(records.length / 2, options.models.length * options.batches.length);
  }
  return records;
}

async function added(
  session: Session,
  label: string,
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
      `${label} ${shape}: the plan with CADA lacks ${saved.length} dispatches of the plan without, so what it adds is no part of its own: ${saved.map(({ kernel }) => kernel.label).join(', ')}`,
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
      planRecord(session, { suite: 'latency', name: `${label} ${name}`, shape }, plan, timing, pace);
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
