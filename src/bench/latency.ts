import { WgadError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { requireHalf } from '../graph/limits.ts';
import type { Alignment } from '../methods/cada.ts';
import type { Part } from '../methods/detector.ts';
import { DETECTORS, type DetectorName } from '../methods/detectors.ts';
import { initialize, pytorchDefault, type StateDict } from '../nn/init.ts';
import type { NetworkLayout, Precision } from '../nn/trainable.ts';
import { RandomStream } from '../random.ts';
import { compilePlan } from '../runtime/executable.ts';
import type { RunConfig } from '../train/config.ts';
import { scorePlan } from '../train/detectorPlans.ts';
import { type RunLayouts, runLayouts } from '../train/layouts.ts';
import { type Session, slabsOf } from '../train/session.ts';
import { alternate } from '../../bench/turns/alternate.ts';
import { type CaseFilter, matching } from './caseFilter.ts';
import type { DeviceClock } from './deviceClock.ts';
import { scoringConfig } from './networks.ts';
import type { Pace } from './pace.ts';
import { measurePlan, planRecord, replaysOf } from './planCase.ts';
import { planDifference, planPart } from '../../bench/turns/planPart.ts';
import type { BenchRecord } from './record.ts';
import type { Timing } from './sampler.ts';

export interface LatencyOptions extends CaseFilter {
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
  /** Default f32. */
  readonly precision?: Precision;
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
  for (const { label, shape, encoder, size, graphOf, parts } of loaded(session, options, chosen)) {
    const model = scoringConfig(options.method, encoder, { batch: 1, size, images: options.images });
    const error = precision === 'f16' ? await mapError(session, model) : undefined;
    for (const { alignment, part } of parts) {
      const name = { suite: 'latency', name: nameOf(label, part), shape };
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

type ScoringConfig = ReturnType<typeof scoringConfig>;

/** A network with its sizes, and what of it is measured. */
interface ScoreCase<Part> {
  readonly encoder: RunConfig['encoder'];
  readonly batch: number;
  readonly size: number;
  /** The encoder, after the method where it is another than reverse distillation. */
  readonly label: string;
  readonly shape: string;
  readonly parts: readonly Part[];
}

interface CasePart {
  /** What follows the label in the case's name. */
  readonly part: string;
}

const nameOf = (label: string, part: string): string => `${label} ${part}`.trimStart();

/** @throws ConfigError where the filter matches nothing */
function scoreCases<Part extends CasePart>(
  options: LatencyOptions,
  parts: readonly Part[],
): ScoreCase<Part>[] {
  const { method, models, batches, size = DETECTORS[method].defaults.size } = options;
  const all = models.flatMap((encoder) =>
    batches.map((batch) => {
      const label = [...(method === 'revdist' ? [] : [method]), ...(encoder === 'none' ? [] : [encoder])];
      return { encoder, batch, size, label: label.join(' '), shape: `${batch} x ${size} px`, parts };
    }),
  );
  const named = all.flatMap(({ label, shape }) =>
    parts.map(({ part }) => ({ name: nameOf(label, part), shape })),
  );
  const chosen = new Set(matching(named, options).map(({ name, shape }) => `${name} ${shape}`));
  return all
    .map((each) => ({
      ...each,
      parts: parts.filter(({ part }) => chosen.has(`${nameOf(each.label, part)} ${each.shape}`)),
    }))
    .filter((each) => each.parts.length > 0);
}

type LoadedCase<Part> = ScoreCase<Part> & { readonly graphOf: (alignment: Alignment) => Graph };

/** One after another: each leaves its weights on the device. */
function* loaded<Part>(
  session: Session,
  { method, images, precision }: LatencyOptions,
  chosen: readonly ScoreCase<Part>[],
): Generator<LoadedCase<Part>> {
  for (const each of chosen) {
    const { encoder, batch, size } = each;
    const config = { ...scoringConfig(method, encoder, { batch, size, images }), precision };
    const layouts = loadFresh(session, config);
    yield {
      ...each,
      graphOf: (alignment) => scorePlan(config, layouts, [alignment], 1, { maps: false }),
    };
  }
}

/** Fresh weights on the device, stored as the configuration says. */
function loadFresh(session: Session, config: ScoringConfig & Pick<RunConfig, 'precision'>): RunLayouts {
  const layouts = runLayouts(config, 1, config.precision);
  for (const layout of [...layouts.parts, layouts.heads.regressor]) session.load(layout, fresh(layout));
  return layouts;
}

/** A memory of nothing would be searched in another time: its rows are drawn as weights are. */
function fresh(layout: NetworkLayout & { start?: Part['start'] }): StateDict {
  const { start } = layout;
  const specs = slabsOf(layout).flatMap((slab) => slab.specs);
  return initialize(start === 'memory' ? specs.map((spec) => ({ ...spec, init: pytorchDefault })) : specs, 0);
}

/** Relative L2 distance between one image's anomaly maps in f16 and in f32, with the same fresh weights. */
async function mapError(session: Session, model: ScoringConfig): Promise<number> {
  const random = new RandomStream(0);
  const images = Float32Array.from({ length: 3 * model.size ** 2 }, () => random.between(-2, 2));
  const maps: Float32Array[] = [];
  for (const precision of ['f32', 'f16'] as const) {
    const config = { ...model, precision };
    const layouts = loadFresh(session, config);
    const executable = await session.compile(`maps in ${precision}`, scorePlan(config, layouts, ['none'], 1));
    executable.run({ images });
    maps.push((await executable.read(['map.none'])).get('map.none') as Float32Array);
    executable.destroy();
  }
  const [full, half] = maps as [Float32Array, Float32Array];
  const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(half.map((value, i) => value - full[i]!)) / squares(full));
}

const ADDED = 'what cada adds';

/**
 * What CADA adds to scoring, in dispatch time: the dispatches that its plan has and the plan without alignment has
 * not (regressor and calibration), replayed alone by turns with the whole plan without. Two records a case: that
 * plan, and the added part with `adds`.
 */
export async function benchAdded(session: Session, options: LatencyOptions): Promise<BenchRecord[]> {
  const records: BenchRecord[] = [];
  const chosen = scoreCases({ ...options, only: undefined }, [{ part: ADDED }]);
  for (const { label, shape, graphOf } of loaded(session, options, chosen)) {
    records.push(...(await added(session, label, shape, graphOf, options.pace)));
    options.onCase(records.length / 2, chosen.length);
  }
  return records;
}

async function added(
  session: Session,
  label: string,
  shape: string,
  graphOf: LoadedCase<CasePart>['graphOf'],
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
    const duel = await alternate(replaysOf(gpu, none), replaysOf(gpu, part));
    const record = (name: string, plan: typeof none, timing: Timing): BenchRecord =>
      planRecord(session, { suite: 'latency', name: `${label} ${name}`, shape }, plan, timing, pace);
    return [
      record('none', none, duel.ours),
      {
        ...record(ADDED, part, duel.theirs),
        adds: duel.ratio,
        addsP10: duel.ratioP10,
        addsP90: duel.ratioP90,
      },
    ];
  } finally {
    for (const executable of [none, aligned, part]) executable.destroy();
  }
}

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
