import type { Graph } from '../graph/graph.ts';
import { CADA_DEFAULTS } from '../methods/cada.ts';
import { DETECTORS, type DetectorName } from '../methods/detectors.ts';
import { ENCODER_NAMES } from '../models/encoders/index.ts';
import type { Precision } from '../nn/trainable.ts';
import { runLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { EncoderName } from '../score/features.ts';
import { scorePlan } from '../score/scorePlan.ts';
import { detectorStep, headStep } from '../train/detectorPlans.ts';
import { memoryRows } from '../train/memory.ts';

/** What kernels are measured for: the encoders, each with the plans that run on it. */
export const NETWORKS: readonly EncoderName[] = ENCODER_NAMES;

/** What a plan is for: an operation is named by the first of them that has it. */
export type Purpose = 'scoring' | 'training';

export interface NetworkPlan {
  readonly purpose: Purpose;
  readonly graph: Graph;
}

/** Reverse distillation with its defaults, as far as a plan depends on them. */
export const revdistConfig = (encoder: EncoderName, { batch, size }: { batch: number; size: number }) =>
  ({
    method: 'revdist',
    encoder,
    batch,
    size,
    smoothing: 'author',
    scoreFraction: CADA_DEFAULTS.scoreFraction,
  }) as const;

/**
 * A method with its defaults, as far as its scoring plan depends on them.
 * @param images training images behind its memory, where it has one.
 */
export function scoringConfig(
  method: DetectorName,
  encoder: RunConfig['encoder'],
  { batch, size, images }: { batch: number; size: number; images: number },
) {
  const { smoothing, scoreFraction, width } = DETECTORS[method].defaults;
  const config = { method, encoder, batch, size, smoothing, scoreFraction, width };
  return { ...config, memoryRows: memoryRows(config, images) };
}

export interface PlanSizes {
  readonly batch: number;
  readonly size: number;
  /** How scoring stores weights and activations; training is f32 only. Default f32. */
  readonly precision?: Precision;
}

/** The graphs as scoring and training compile them, before any pass; in f16 scoring alone. */
export function networkPlans(encoder: EncoderName, sizes: PlanSizes): NetworkPlan[] {
  const { precision } = sizes;
  const config = { ...revdistConfig(encoder, sizes), precision };
  const layouts = runLayouts(config, 1, precision);
  const scoring = { purpose: 'scoring', graph: scorePlan(config, layouts, ['none', 'cada'], 1) } as const;
  if (precision === 'f16') return [scoring];
  return [
    scoring,
    { purpose: 'training', graph: detectorStep(config, layouts) },
    { purpose: 'training', graph: headStep(config, layouts, 'regressor', 1) },
  ];
}
