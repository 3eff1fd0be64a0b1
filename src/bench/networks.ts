import type { Graph } from '../graph/graph.ts';
import { storeHalf } from '../graph/passes/storeHalf.ts';
import { input } from '../graph/value.ts';
import { CADA_DEFAULTS } from '../methods/cada.ts';
import { DETECTORS, type DetectorName } from '../methods/detectors.ts';
import { familyOf, pretrained } from '../models/encoders/index.ts';
import { declare } from '../nn/layers.ts';
import { bindNetwork, networkLayout, type Precision } from '../nn/trainable.ts';
import { runLayouts } from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import { ENCODER_NAMES, type EncoderName } from '../score/features.ts';
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

/** The graphs as scoring and training compile them, before any pass; in f16 scoring alone. What RevDist does not read is an encoder only. */
export function networkPlans(encoder: EncoderName, sizes: PlanSizes): NetworkPlan[] {
  if (!DETECTORS.revdist.encoders.includes(pretrained(encoder).family)) {
    return [{ purpose: 'scoring', graph: encoderGraph(encoder, sizes) }];
  }
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

function encoderGraph(encoder: EncoderName, { batch, size, precision }: PlanSizes): Graph {
  const images = input('images', [batch, 3, size, size]);
  const network = pretrained(encoder);
  const { features, taps } = familyOf(network);
  const layout = networkLayout(
    'encoder',
    declare((layers) => features(layers, images, network.config)),
    precision,
  );
  const { layers } = bindNetwork(layout, { training: false });
  const maps = features(layers, images, network.config);
  const graph = { outputs: new Map(taps.map(({ name }, i) => [name, maps[i]!])), effects: [] };
  return precision === 'f16' ? storeHalf(graph, []) : graph;
}
