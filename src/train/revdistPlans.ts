import { grad } from '../autograd/reverse.ts';
import type { Graph } from '../graph/graph.ts';
import { slice } from '../graph/ops/movement.ts';
import { argmax } from '../graph/ops/reduce.ts';
import { gather } from '../graph/ops/select.ts';
import { input, type Value } from '../graph/value.ts';
import {
  type Alignment,
  CADA_DEFAULTS,
  classifierLoss,
  head,
  headSpecs,
  mapStatistics,
  regressorLoss,
  scoreMap,
} from '../methods/cada.ts';
import {
  anomalyMap,
  encode,
  REVDIST_DEFAULTS,
  rebuild,
  revdistLoss,
  revdistSpecs,
  type Scales,
} from '../methods/revdist.ts';
import { featureChannels } from '../models/resnet.ts';
import type { BlurOptions } from '../nn/blur.ts';
import { AUTHOR_BLUR, SCIPY_BLUR } from '../nn/blur.ts';
import { type OptimiserConfig, optimiserStep } from '../nn/optimiser.ts';
import { bindNetwork, type NetworkLayout, networkLayout } from '../nn/trainable.ts';
import { encoderConfig, type RunConfig } from './config.ts';

/** The parts of a run's model, each a pair of slabs. */
export interface RevdistLayouts {
  readonly encoder: NetworkLayout;
  readonly detector: NetworkLayout;
  readonly regressor: NetworkLayout;
  readonly classifier: NetworkLayout;
}

/** Shape of the bottleneck feature that the heads read. */
export function featureShape({
  encoder,
  size,
}: Pick<RunConfig, 'encoder' | 'size'>): [number, number, number] {
  const { base, expansion } = encoderConfig({ encoder });
  return [8 * base * expansion, size / 32, size / 32];
}

export function revdistLayouts(config: Pick<RunConfig, 'encoder' | 'size'>, classes: number): RevdistLayouts {
  const { frozen, trained } = revdistSpecs(encoderConfig(config));
  const feature = featureShape(config);
  return {
    encoder: networkLayout('encoder', frozen),
    detector: networkLayout('detector', trained),
    regressor: networkLayout('regressor', headSpecs('regressor', feature, 2)),
    classifier: networkLayout('classifier', headSpecs('classifier', feature, Math.max(2, classes))),
  };
}

const images = (config: Pick<RunConfig, 'batch' | 'size'>): Value =>
  input('images', [config.batch, 3, config.size, config.size]);

/** Whether a plan starts at the images or at the frozen encoder's features. */
export type StepSource = 'images' | 'taps';
type Sizes = Pick<RunConfig, 'batch' | 'size' | 'encoder' | 'activation'>;

type TapShape = readonly [channels: number, height: number, width: number];

/** The encoder's features of one image, finest first. */
export function tapShapes({
  encoder,
  size,
}: Pick<RunConfig, 'encoder' | 'size'>): [TapShape, TapShape, TapShape] {
  const [c1, c2, c3] = featureChannels(encoderConfig({ encoder }));
  return [
    [c1, size / 4, size / 4],
    [c2, size / 8, size / 8],
    [c3, size / 16, size / 16],
  ];
}

/** Their names as outputs of `tapsPlan` and inputs of the plans that start at them. */
export const TAP_NAMES = ['tap1', 'tap2', 'tap3'] as const;

/** Images to the encoder's features: outputs tap1, tap2, tap3. */
export function tapsPlan(config: Sizes, layouts: RevdistLayouts): Graph {
  const taps = encoderFeatures(config, layouts, 'images');
  return { outputs: new Map(TAP_NAMES.map((name, i) => [name, taps[i]!])), effects: [] };
}

function encoderFeatures(config: Sizes, layouts: RevdistLayouts, source: StepSource): Scales {
  if (source === 'taps') {
    const [first, second, third] = tapShapes(config);
    const tap = (name: string, shape: TapShape): Value => input(name, [config.batch, ...shape]);
    return [tap('tap1', first), tap('tap2', second), tap('tap3', third)];
  }
  const encoder = bindNetwork(layouts.encoder, { training: false });
  return encode(encoder.layers, images(config), encoderConfig(config));
}

/** One training step of bottleneck and decoder: forward, backward, update, statistics. Output: loss. */
export function detectorStep(
  config: Sizes,
  layouts: RevdistLayouts,
  optimiser: OptimiserConfig = REVDIST_DEFAULTS.optimiser,
  source: StepSource = 'images',
): Graph {
  const resnet = encoderConfig(config);
  const detector = bindNetwork(layouts.detector, { training: true });
  const features = encoderFeatures(config, layouts, source);
  const { rebuilt } = rebuild(detector.layers, features, resnet);
  const loss = revdistLoss(features, rebuilt);
  const gradients = grad(loss, detector.trained);
  return {
    outputs: new Map([['loss', loss]]),
    effects: [optimiserStep(detector, gradients, optimiser), ...detector.statisticsUpdate()],
  };
}

/** What the heads learn from, for one batch: the feature and the un-smoothed map's mean and maximum. */
export function collectPlan(config: Sizes, layouts: RevdistLayouts, source: StepSource = 'images'): Graph {
  const { embedding, map } = detect(config, layouts, source);
  const { u, gamma } = mapStatistics(map);
  return {
    outputs: new Map([
      ['embedding', embedding],
      ['u', u],
      ['gamma', gamma],
    ]),
    effects: [],
  };
}

function detect(
  config: Sizes,
  layouts: RevdistLayouts,
  source: StepSource,
): { embedding: Value; map: Value } {
  const resnet = encoderConfig(config);
  const detector = bindNetwork(layouts.detector, { training: false });
  const features = encoderFeatures(config, layouts, source);
  const { embedding, rebuilt } = rebuild(detector.layers, features, resnet);
  return { embedding, map: anomalyMap(features, rebuilt, config.size) };
}

/** One training step of a head on cached features. Inputs: feature, targets (or labels), key. Output: loss. */
export function headStep(
  config: Pick<RunConfig, 'encoder' | 'size'>,
  layouts: RevdistLayouts,
  which: 'regressor' | 'classifier',
  classes: number,
): Graph {
  const batch = CADA_DEFAULTS.batch;
  const network = bindNetwork(layouts[which], { training: true, key: input('key', [4], 'u32') });
  const feature = input('feature', [batch, ...featureShape(config)]);
  const outputs = which === 'regressor' ? 2 : Math.max(2, classes);
  const predicted = head(network.layers, which, feature, outputs);
  const loss =
    which === 'regressor'
      ? regressorLoss(predicted, input('targets', [batch, 2]), REVDIST_DEFAULTS.alignAlpha)
      : classifierLoss(predicted, input('labels', [batch], 'i32'));
  const gradients = grad(loss, network.trained);
  return {
    outputs: new Map([['loss', loss]]),
    effects: [optimiserStep(network, gradients, CADA_DEFAULTS.optimiser), ...network.statisticsUpdate()],
  };
}

/** The trained regressor on cached features. Input: feature, as `headStep`'s. Output: predicted [batch, 2]. */
export function regressorPlan(config: Pick<RunConfig, 'encoder' | 'size'>, layouts: RevdistLayouts): Graph {
  const { layers } = bindNetwork(layouts.regressor, { training: false });
  const feature = input('feature', [CADA_DEFAULTS.batch, ...featureShape(config)]);
  return { outputs: new Map([['predicted', head(layers, 'regressor', feature, 2)]]), effects: [] };
}

/**
 * Images to maps and scores, under every alignment of the run at once: network, map, calibration, smoothing and
 * scores in one plan. Inputs: images; labels (i32 [N]) and table [k, 2] where an alignment reads classes.
 * Outputs: u, gamma of each map; `map.A` [N, H, W] and `score.A` [N] per alignment; `statistics.A` [N, 2].
 */
export function scorePlan(
  config: Sizes & Pick<RunConfig, 'smoothing' | 'scoreFraction'>,
  layouts: RevdistLayouts,
  alignments: readonly Alignment[],
  classes: number,
  wanted: { maps: boolean } = { maps: true },
): Graph {
  const { embedding, map } = detect(config, layouts, 'images');
  const { u, gamma } = mapStatistics(map);
  const blur: BlurOptions = config.smoothing === 'scipy' ? SCIPY_BLUR : AUTHOR_BLUR;
  const outputs = new Map<string, Value>([
    ['u', u],
    ['gamma', gamma],
  ]);
  for (const alignment of alignments) {
    const statistics = statisticsFor(alignment, embedding, layouts, classes, config.batch);
    const scored = scoreMap(map, statistics, blur, config.scoreFraction);
    outputs.set(`score.${alignment}`, scored.score);
    if (wanted.maps) outputs.set(`map.${alignment}`, scored.map);
    if (statistics) outputs.set(`statistics.${alignment}`, statistics);
  }
  return { outputs, effects: [] };
}

/** u and gamma [N, 2] as each alignment knows them; null for none. */
function statisticsFor(
  alignment: Alignment,
  embedding: Value,
  layouts: RevdistLayouts,
  classes: number,
  batch: number,
): Value | null {
  const table = (): Value => input('table', [classes, 2]);
  switch (alignment) {
    case 'none':
      return null;
    case 'cada':
      return head(bindNetwork(layouts.regressor, { training: false }).layers, 'regressor', embedding, 2);
    case 'class':
      return gather(table(), input('labels', [batch], 'i32'));
    case 'classifier': {
      const network = bindNetwork(layouts.classifier, { training: false });
      const logits = head(network.layers, 'classifier', embedding, Math.max(2, classes));
      // The head has two outputs at least, a table of one class one row.
      const named = classes < 2 ? slice(logits, [null, { start: 0, end: classes }]) : logits;
      return gather(table(), argmax(named, 1));
    }
  }
}
