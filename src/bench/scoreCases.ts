/** The scoring plans that are measured: a method's networks with fresh weights, per model and batch size. */
import type { Graph } from '../graph/graph.ts';
import type { Alignment } from '../methods/alignments/index.ts';
import type { Part } from '../methods/detector.ts';
import { DETECTORS, type DetectorName } from '../methods/detectors.ts';
import { initialize, pytorchDefault, type StateDict } from '../nn/init.ts';
import type { NetworkLayout, Precision } from '../nn/trainable.ts';
import { type RunLayouts, runLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import { type Session, slabsOf } from '../runtime/session.ts';
import { scorePlan } from '../score/scorePlan.ts';
import { type CaseFilter, matching } from './caseFilter.ts';
import { scoringConfig } from './networks.ts';

export interface ScoreChoice extends CaseFilter {
  readonly method: DetectorName;
  /** Encoders that the method works with. */
  readonly models: readonly RunConfig['encoder'][];
  readonly batches: readonly number[];
  /** Default: the method's. */
  readonly size?: number;
  /** Training images behind the method's memory, where it grows with them. */
  readonly images: number;
  /** Default f32. */
  readonly precision?: Precision;
}

export type ScoringConfig = ReturnType<typeof scoringConfig>;

/** A network with its sizes, and what of it is measured. */
export interface ScoreCase<Part> {
  readonly encoder: RunConfig['encoder'];
  readonly batch: number;
  readonly size: number;
  /** The encoder, after the method where it is another than reverse distillation. */
  readonly label: string;
  readonly shape: string;
  readonly parts: readonly Part[];
}

export interface CasePart {
  /** What follows the label in the case's name. */
  readonly part: string;
}

export const scoreCaseName = (label: string, part: string): string => `${label} ${part}`.trimStart();

/** @throws ConfigError where the filter matches nothing */
export function scoreCases<Part extends CasePart>(
  choice: ScoreChoice,
  parts: readonly Part[],
): ScoreCase<Part>[] {
  const { method, models, batches, size = DETECTORS[method].defaults.size } = choice;
  const all = models.flatMap((encoder) =>
    batches.map((batch) => {
      const label = [...(method === 'revdist' ? [] : [method]), ...(encoder === 'none' ? [] : [encoder])];
      return { encoder, batch, size, label: label.join(' '), shape: `${batch} x ${size} px`, parts };
    }),
  );
  const named = all.flatMap(({ label, shape }) =>
    parts.map(({ part }) => ({ name: scoreCaseName(label, part), shape })),
  );
  const chosen = new Set(matching(named, choice).map(({ name, shape }) => `${name} ${shape}`));
  return all
    .map((each) => ({
      ...each,
      parts: parts.filter(({ part }) => chosen.has(`${scoreCaseName(each.label, part)} ${each.shape}`)),
    }))
    .filter((each) => each.parts.length > 0);
}

export type LoadedCase<Part> = ScoreCase<Part> & { readonly graphOf: (alignment: Alignment) => Graph };

/** One after another: each leaves its weights on the device. */
export function* loadedCases<Part>(
  session: Session,
  { method, images, precision }: ScoreChoice,
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
export function loadFresh(
  session: Session,
  config: ScoringConfig & Pick<RunConfig, 'precision'>,
): RunLayouts {
  const layouts = runLayouts(config, 1, config.precision);
  for (const layout of [...layouts.parts, layouts.heads.regressor]) session.load(layout, fresh(layout));
  return layouts;
}

/** Searching a memory of zeros would take a different time, so its rows are drawn like weights. */
function fresh(layout: NetworkLayout & { start?: Part['start'] }): StateDict {
  const { start } = layout;
  const specs = slabsOf(layout).flatMap((slab) => slab.specs);
  return initialize(start === 'memory' ? specs.map((spec) => ({ ...spec, init: pytorchDefault })) : specs, 0);
}
