import { grad } from '../autograd/reverse.ts';
import type { Graph } from '../graph/graph.ts';
import { slice } from '../graph/ops/movement.ts';
import { argmax } from '../graph/ops/reduce.ts';
import { gather } from '../graph/ops/select.ts';
import { storeHalf } from '../graph/passes/storeHalf.ts';
import { input, type Value } from '../graph/value.ts';
import {
  type Alignment,
  CADA_DEFAULTS,
  classifierLoss,
  HEAD_OF,
  HEADS,
  type HeadName,
  head,
  mapStatistics,
  regressorLoss,
  scoreMap,
} from '../methods/cada.ts';
import type { Detector, Group, PartLayers, Reconstruction, Source } from '../methods/detector.ts';
import { DETECTORS } from '../methods/detectors.ts';
import type { BlurOptions } from '../nn/blur.ts';
import { AUTHOR_BLUR, SCIPY_BLUR } from '../nn/blur.ts';
import { type OptimiserConfig, optimiserStep, SETTINGS, settingsAt } from '../nn/optimiser.ts';
import { bindNetwork } from '../nn/trainable.ts';
import { encoderConfig, type RunConfig } from './config.ts';
import {
  featureShape,
  frozenName,
  frozenShapes,
  headOptions,
  headOutputs,
  type ModelConfig,
  type RunLayouts,
} from './layouts.ts';

/** Whether a plan starts at the images or at what training never changes of them (`Detector.frozen`). */
export type StepSource = 'images' | 'frozen';
type Sizes = ModelConfig & Pick<RunConfig, 'batch'>;
type StepConfig = Sizes & Pick<RunConfig, 'encoderNorm'>;

/** Each part with tensors from its slabs; those that `training` names are bound for training. */
function bindParts({ parts }: RunLayouts, training: (group: Group) => boolean) {
  const bound = parts.map((part) => ({
    ...part,
    network: bindNetwork(part, { training: part.group !== undefined && training(part.group) }),
  }));
  const layers: PartLayers<string> = Object.fromEntries(
    bound.map(({ name, network }) => [name, network.layers]),
  );
  return { bound, layers };
}

function sourceOf(config: Sizes, source: StepSource): Source {
  if (source === 'images') return { images: input('images', [config.batch, 3, config.size, config.size]) };
  const shapes = frozenShapes(config) ?? [];
  return { frozen: shapes.map((shape, i) => input(frozenName(i), [config.batch, ...shape])) };
}

/** Images to what training never changes of them: outputs tap1, tap2, ... */
export function frozenPlan(config: Sizes, layouts: RunLayouts): Graph {
  const { layers } = bindParts(layouts, () => false);
  const images = input('images', [config.batch, 3, config.size, config.size]);
  const values = DETECTORS[config.method].frozen?.(layers, images, encoderConfig(config)) ?? [];
  return { outputs: new Map(values.map((value, i) => [frozenName(i), value])), effects: [] };
}

/**
 * One training step of all trained parts: forward, backward, update, statistics. Inputs: the source's, and those of
 * `stepInputs`. Output: loss.
 */
export function detectorStep(
  config: StepConfig,
  layouts: RunLayouts,
  optimiser: OptimiserConfig = DETECTORS[config.method].defaults.optimiser,
  source: StepSource = 'images',
): Graph {
  const detector = DETECTORS[config.method];
  const norm = config.encoderNorm ?? detector.defaults.encoderNorm;
  const { bound, layers } = bindParts(layouts, (group) => group === 'detector' || norm === 'training');
  const made = detector.reconstruct(layers, sourceOf(config, source), encoderConfig(config));
  const loss = detector.loss(made);
  const trained = bound.flatMap(({ group, network }) => (group ? [{ group, network }] : []));
  const gradients = grad(
    loss,
    trained.flatMap(({ network }) => network.trained),
  );
  return {
    outputs: new Map([['loss', loss]]),
    effects: trained.flatMap(({ group, network }) => {
      const own = gradients.splice(0, network.trained.length);
      return [optimiserStep(network, own, optimiser, settingsName(group)), ...network.statisticsUpdate()];
    }),
  };
}

/** Name of the input with a group's learning rate. */
const settingsName = (group: Group): string => (group === 'detector' ? SETTINGS : `${SETTINGS} ${group}`);

/** What a training step reads beside its images at `step`: the groups' learning rates, and what the loss wants to know. */
export function stepInputs(
  config: Pick<RunConfig, 'method' | 'iterations' | 'lr' | 'encoderLr'>,
  optimiser: OptimiserConfig,
  step: number,
): Record<string, Float32Array> {
  const { defaults, lossInputs, rateAt }: Detector = DETECTORS[config.method];
  const { iterations, lr, encoderLr = defaults.encoderLr } = config;
  const factor = rateAt(step, iterations);
  return {
    ...lossInputs?.(step, iterations),
    [settingsName('detector')]: settingsAt(optimiser, step, lr * factor),
    ...(encoderLr === undefined
      ? {}
      : { [settingsName('encoder')]: settingsAt(optimiser, step, encoderLr * factor) }),
  };
}

/** What the heads learn from, for one batch: the feature and the un-smoothed map's statistics. */
export function collectPlan(config: Sizes, layouts: RunLayouts, source: StepSource = 'images'): Graph {
  const { embedding, map } = detect(config, layouts, source);
  return { outputs: new Map(Object.entries({ embedding, ...mapStatistics(map) })), effects: [] };
}

function detect(
  config: Sizes,
  layouts: RunLayouts,
  source: StepSource,
): Pick<Reconstruction, 'embedding'> & { map: Value } {
  const detector = DETECTORS[config.method];
  const { layers } = bindParts(layouts, () => false);
  const made = detector.reconstruct(layers, sourceOf(config, source), encoderConfig(config));
  return { embedding: made.embedding, map: detector.map(made, config.size) };
}

/** One training step of a head on cached features. Inputs: feature, targets (or labels), key. Output: loss. */
export function headStep(config: ModelConfig, layouts: RunLayouts, which: HeadName, classes: number): Graph {
  const batch = CADA_DEFAULTS.batch;
  const network = bindNetwork(layouts.heads[which], { training: true, key: input('key', [4], 'u32') });
  const feature = input('feature', [batch, ...featureShape(config)]);
  const predicted = head(network.layers, which, feature, headOutputs(which, classes), headOptions(config));
  const loss =
    HEADS[which] === 'label'
      ? classifierLoss(predicted, input('labels', [batch], 'i32'))
      : regressorLoss(predicted, input('targets', [batch, 2]), DETECTORS[config.method].defaults.alignAlpha);
  const gradients = grad(loss, network.trained);
  return {
    outputs: new Map([['loss', loss]]),
    effects: [optimiserStep(network, gradients, CADA_DEFAULTS.optimiser), ...network.statisticsUpdate()],
  };
}

/** A trained head that predicts statistics, on cached features. Input: feature, as `headStep`'s. Output: predicted [batch, 2]. */
export function predictionPlan(config: ModelConfig, layouts: RunLayouts, which: HeadName): Graph {
  const { layers } = bindNetwork(layouts.heads[which], { training: false });
  const feature = input('feature', [CADA_DEFAULTS.batch, ...featureShape(config)]);
  const predicted = head(layers, which, feature, 2, headOptions(config));
  return { outputs: new Map([['predicted', predicted]]), effects: [] };
}

/**
 * Images to maps and scores, under every alignment of the run at once: network, map, calibration, smoothing and
 * scores in one plan. Inputs: images; labels (i32 [N]) and table [k, 2] where an alignment reads classes.
 * `precision` f16: weights as `runLayouts` stores them for it, activations likewise, the maps and all that follows f32.
 * Outputs: u, gamma of each map; `map.A` [N, H, W] and `score.A` [N] per alignment; `statistics.A` [N, 2].
 */
export function scorePlan(
  config: Sizes & Pick<RunConfig, 'smoothing' | 'scoreFraction' | 'precision'>,
  layouts: RunLayouts,
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
    const statistics = statisticsFor(alignment, embedding, config, layouts, classes);
    const scored = scoreMap(map, statistics, blur, config.scoreFraction);
    outputs.set(`score.${alignment}`, scored.score);
    if (wanted.maps) outputs.set(`map.${alignment}`, scored.map);
    if (statistics) outputs.set(`statistics.${alignment}`, statistics);
  }
  const graph = { outputs, effects: [] };
  return config.precision === 'f16' ? storeHalf(graph, [map]) : graph;
}

/** u and gamma [N, 2] as an alignment knows them; null for none. */
function statisticsFor(
  alignment: Alignment,
  embedding: Value,
  config: Sizes,
  layouts: RunLayouts,
  classes: number,
): Value | null {
  if (alignment === 'none') return null;
  const table = (): Value => input('table', [classes, 2]);
  const which = HEAD_OF[alignment];
  if (which === null) return gather(table(), input('labels', [config.batch], 'i32'));
  const { layers } = bindNetwork(layouts.heads[which], { training: false });
  const predicted = head(layers, which, embedding, headOutputs(which, classes), headOptions(config));
  if (HEADS[which] !== 'label') return predicted;
  // The head has two outputs at least, a table of one class one row.
  const named = classes < 2 ? slice(predicted, [null, { start: 0, end: classes }]) : predicted;
  return gather(table(), argmax(named, 1));
}
