/** The graphs that scoring and training of a method compile, by name, with no device: to be printed and compared. */
import { ConfigError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { HEADS, type HeadName, UNALIGNED } from '../methods/alignments/index.ts';
import { DETECTOR_NAMES, DETECTORS, type DetectorName } from '../methods/detectors.ts';
import type { Precision } from '../nn/trainable.ts';
import { runLayouts } from '../run/networkLayouts.ts';
import { encodersFor, type RunConfig } from '../run/settings.ts';
import { scorePlan } from '../score/scorePlan.ts';
import { detectorStep, headStep, memoryPlan } from './detectorPlans.ts';
import { memoryRows } from './memory.ts';

export interface MethodPlan {
  readonly name: string;
  /** The graph before any pass; built when it is asked for. */
  graph(): Graph;
}

export interface MethodSizes {
  readonly method: DetectorName;
  readonly encoder: RunConfig['encoder'];
  readonly batch: number;
  /** Default: the method's own. */
  readonly size?: number;
  /** How scoring stores weights and activations, and training activations. Default f32. */
  readonly precision?: Precision;
}

/** Classes that the heads are built for. */
const CLASSES = 3;
/** Training images behind a memory that grows with them. */
const IMAGES = 64;

/** The first method that reads an encoder. */
export const methodFor = (encoder: RunConfig['encoder']): DetectorName =>
  DETECTOR_NAMES.find((method) => encodersFor({ method }).includes(encoder))!;

/**
 * Built with the method's defaults, and on frozen features where it has some, as in training.
 * @throws ConfigError where the method does not read the encoder.
 */
export function methodPlans(sizes: MethodSizes): MethodPlan[] {
  const { method, encoder, batch, precision = 'f32' } = sizes;
  const fitting = encodersFor({ method });
  if (!fitting.includes(encoder)) {
    throw new ConfigError(`${method} reads ${fitting.join(', ')}, got ${encoder}`);
  }
  const { memory, frozen, defaults } = DETECTORS[method];
  const { smoothing, scoreFraction, width } = defaults;
  const model = {
    method,
    encoder,
    batch,
    size: sizes.size ?? defaults.size,
    smoothing,
    scoreFraction,
    width,
  };
  const config = { ...model, precision, memoryRows: memoryRows(model, IMAGES) };
  const stored = runLayouts(config, CLASSES, precision);
  const layouts = runLayouts(config, CLASSES);
  const scoring: MethodPlan = {
    name: 'scoring',
    graph: () => scorePlan(config, stored, [UNALIGNED, 'cada'], CLASSES),
  };
  const steps = defaults.iterations !== 0;
  return [
    scoring,
    ...(memory ? [{ name: 'memory', graph: () => memoryPlan(config, layouts) }] : []),
    ...(steps ? [{ name: 'training', graph: () => detectorStep(config, layouts) }] : []),
    ...(steps && frozen
      ? [
          {
            name: 'training on frozen features',
            graph: () => detectorStep(config, layouts, undefined, 'frozen'),
          },
        ]
      : []),
    ...(Object.keys(HEADS) as HeadName[]).map((which) => ({
      name: `training of the ${which}`,
      graph: () => headStep(config, layouts, which, CLASSES),
    })),
  ];
}
