import { grad } from '../autograd/reverse.ts';
import { ConfigError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { concat, reshape } from '../graph/ops/movement.ts';
import { storeHalf } from '../graph/passes/storeHalf.ts';
import { input, scope, type Value } from '../graph/value.ts';
import type { HeadTruth } from '../methods/alignments/alignment.ts';
import { HEAD_RECORDS, type HeadName } from '../methods/alignments/index.ts';
import { CADA_DEFAULTS, head } from '../methods/cada.ts';
import type { Detector, Group, NormMode } from '../methods/detector.ts';
import { detectorIn } from '../methods/detectors.ts';
import { clipFactor } from '../nn/clipNorm.ts';
import { LOSS_SCALE, scaledLoss } from '../nn/lossScale.ts';
import {
  type OptimiserConfig,
  optimiserStep,
  optimiserStepUnless0,
  SETTINGS,
  settingsAt,
} from '../nn/optimiser.ts';
import { bindNetwork } from '../nn/trainable.ts';
import { modelOf, networkSide, optimiserOf, settingOf } from '../run/config.ts';
import {
  bindParts,
  detect,
  frozenHalves,
  KEY,
  type MapConfig,
  type Sizes,
  type StepSource,
  sourceOf,
  statisticsOf,
  trainsInHalf,
} from '../run/detectorParts.ts';
import {
  featureShape,
  frozenName,
  headOptions,
  type ModelConfig,
  type RunLayouts,
} from '../run/networkLayouts.ts';
import type { RunConfig } from '../run/settings.ts';
import type { NumberArray } from '../runtime/state.ts';

type StepConfig = Sizes & Pick<RunConfig, 'encoderNorm' | 'adamEps' | 'amsgrad'>;

/** `graph`, its activations stored as f16 where `half`; `exact` and all that follows stays f32. */
const inHalf = (half: boolean, graph: Graph, exact: readonly Value[] = []): Graph =>
  half ? storeHalf(graph, exact) : graph;

/** Images to frozen features: outputs tap1, tap2, ...; of f16 where training stores activations so. */
export function frozenPlan(config: Sizes, layouts: RunLayouts): Graph {
  const { layers } = bindParts(layouts, () => false);
  const side = networkSide(config);
  const images = input('images', [config.batch, 3, side, side]);
  const half = trainsInHalf(config);
  const values =
    (half
      ? frozenHalves(config, layers, images)
      : detectorIn(config).frozen?.(layers, images, modelOf(config))) ?? [];
  return inHalf(half, { outputs: new Map(values.map((value, i) => [frozenName(i), value])), effects: [] });
}

/**
 * One training step of all trained parts: forward, backward, update, statistics. Inputs: the source's, and those of
 * `stepInputs`. Output: loss. With `precision` f16 activations and their gradients are stored as f16, weights and moments as
 * f32; the loss is scaled (`scaledLoss`), and the scale of the next step is an output too.
 */
export function detectorStep(
  config: StepConfig,
  layouts: RunLayouts,
  optimiser: OptimiserConfig = optimiserOf(config),
  source: StepSource = 'images',
): Graph {
  const detector = detectorIn(config);
  const norm = settingOf(config, 'encoderNorm');
  const { bound, layers } = bindParts(layouts, (group) => group === 'detector' || norm === 'training');
  const half = trainsInHalf(config);
  const traced = detector.trace(layers, sourceOf(config, layers, source, half), modelOf(config));
  const loss = scope('loss', () => traced.loss?.());
  if (!loss) throw new ConfigError(`${config.method} is not trained by steps`);
  const trained = bound.flatMap(({ group, network }) => (group ? [{ group, network }] : []));
  const { clipNorm } = optimiser;
  const scaling = half ? scope('loss', () => scaledLoss(loss)) : undefined;
  const gradients = grad(
    scaling?.scaled ?? loss,
    trained.flatMap(({ network }) => network.trained),
  );
  const unscaled = scaling && scope('loss scale', () => scaling.unscale(gradients, clipNorm));
  const clip =
    unscaled || clipNorm === undefined ? undefined : scope('clip', () => clipFactor(gradients, clipNorm));
  const effects = trained.flatMap(({ group, network }) => {
    const own = gradients.splice(0, network.trained.length);
    const rates = settingsName(group);
    return scope('optimiser', () => [
      unscaled
        ? optimiserStepUnless0(network, own, optimiser, rates, unscaled.factor)
        : optimiserStep(network, own, optimiser, rates, clip),
      ...network.statisticsUpdate(),
    ]);
  });
  const outputs = new Map([['loss', loss]]);
  if (!unscaled) return { outputs, effects };
  return storeHalf(
    { outputs: outputs.set(LOSS_SCALE, unscaled.scale), effects: [...effects, ...unscaled.effects] },
    [loss],
  );
}

/** Name of the input with a group's learning rate. */
const settingsName = (group: Group): string => (group === 'detector' ? SETTINGS : `${SETTINGS} ${group}`);

/** Inputs of a training step beside its images: the groups' learning rates, and what the loss needs. */
export function stepInputs(
  config: Pick<RunConfig, 'method' | 'preset' | 'iterations' | 'lr' | 'encoderLr' | 'lrSchedule' | 'seed'>,
  optimiser: OptimiserConfig,
  step: number,
): Record<string, NumberArray> {
  const { lossInputs, rateAt }: Detector = detectorIn(config);
  const { iterations, lr, lrSchedule, seed } = config;
  const encoderLr = settingOf(config, 'encoderLr');
  const factor = lrSchedule === 'constant' ? 1 : rateAt(step, iterations);
  return {
    ...lossInputs?.(step, iterations),
    // The heads' steps have 0 where these have 1.
    [KEY]: Uint32Array.of(seed >>> 0, 1, step, 0),
    [settingsName('detector')]: settingsAt(optimiser, step, lr * factor),
    ...(encoderLr === undefined
      ? {}
      : { [settingsName('encoder')]: settingsAt(optimiser, step, encoderLr * factor) }),
  };
}

/** Rows that one batch adds to the method's memory, computed by the untrained parts. Output: rows [N, rows, C]. */
export function memoryPlan(config: Sizes, layouts: RunLayouts, source: StepSource = 'images'): Graph {
  const { layers } = bindParts(layouts, () => false);
  const half = trainsInHalf(config);
  const from = sourceOf(config, layers, source, half);
  const rows = detectorIn(config).memory!.describe(layers, from, modelOf(config));
  return inHalf(half, { outputs: new Map([['rows', rows]]), effects: [] });
}

/** Training data of the heads, for one batch: the feature and the statistics of the calibrated map. */
export function collectPlan(config: MapConfig, layouts: RunLayouts, source: StepSource = 'images'): Graph {
  const half = trainsInHalf(config);
  const { embedding, map: traceMap } = detect(config, layouts, source, half);
  const map = scope('map', traceMap);
  const statistics = scope('statistics', () => statisticsOf(map, config));
  return inHalf(half, { outputs: new Map(Object.entries({ embedding, ...statistics })), effects: [] }, [map]);
}

/** The same for the heads, and their loss. */
export type HeadConfig = ModelConfig & Pick<RunConfig, 'alignAlpha'>;

/** One training step of a head on cached features. Inputs: feature, targets (or labels), key. Output: loss. */
export const headStep = (config: HeadConfig, layouts: RunLayouts, which: HeadName, classes: number): Graph =>
  headUpdate(config, layouts, which, classes, {
    feature: input('feature', [CADA_DEFAULTS.batch, ...featureShape(config)]),
    targets: () => input('targets', [CADA_DEFAULTS.batch, 2]),
  });

/**
 * The same with the detector run at each step, its parts in `mode`; they and their statistics stay as they are. Inputs:
 * the source's, labels, key.
 */
export function wholeHeadStep(
  config: HeadConfig & Omit<MapConfig, 'batch'> & Pick<RunConfig, 'encoderNorm'>,
  layouts: RunLayouts,
  which: HeadName,
  classes: number,
  mode: NormMode,
  source: StepSource = 'images',
): Graph {
  const sites = { next: 0 };
  const detector = detectorIn(config);
  const norm = settingOf(config, 'encoderNorm');
  const { layers } = bindParts(
    layouts,
    (group) => mode === 'training' && (group === 'detector' || norm === 'training'),
    sites,
  );
  const { batch } = CADA_DEFAULTS;
  const half = trainsInHalf(config);
  const from = sourceOf({ ...config, batch }, layers, source, half);
  const traced = detector.trace(layers, from, modelOf(config));
  const exact = [traced.embedding];
  const column = (x: Value): Value => reshape(x, [batch, 1]);
  const graph = headUpdate(
    config,
    layouts,
    which,
    classes,
    {
      feature: traced.embedding,
      targets(level) {
        const map = scope('map', () => traced.map());
        exact.push(map);
        const statistics = scope('statistics', () => statisticsOf(map, config));
        return concat([column(statistics.u), column(statistics[level])], 1);
      },
    },
    sites,
  );
  // The head itself is f32: it is small, and what it learns are numbers of maps, which are f32 too.
  return inHalf(half, graph, exact);
}

function headUpdate(
  config: HeadConfig,
  layouts: RunLayouts,
  which: HeadName,
  classes: number,
  { feature, targets }: Pick<HeadTruth, 'targets'> & { readonly feature: Value },
  sites?: { next: number },
): Graph {
  const network = bindNetwork(layouts.heads[which], { training: true, key: input(KEY, [4], 'u32'), sites });
  const { outputs, loss: headLoss } = HEAD_RECORDS[which];
  const predicted = head(network.layers, which, feature, outputs(classes), headOptions(config));
  const truth = { targets, labels: () => input('labels', [CADA_DEFAULTS.batch], 'i32') };
  const alpha = settingOf(config, 'alignAlpha');
  const loss = scope('loss', () => headLoss(predicted, truth, alpha));
  const gradients = grad(loss, network.trained);
  return {
    outputs: new Map([['loss', loss]]),
    effects: scope('optimiser', () => [
      optimiserStep(network, gradients, CADA_DEFAULTS.optimiser),
      ...network.statisticsUpdate(),
    ]),
  };
}

/** A trained head that predicts statistics, on cached features. Input: feature, as `headStep`'s. Output: predicted [batch, 2]. */
export function predictionPlan(config: ModelConfig, layouts: RunLayouts, which: HeadName): Graph {
  const { layers } = bindNetwork(layouts.heads[which], { training: false });
  const feature = input('feature', [CADA_DEFAULTS.batch, ...featureShape(config)]);
  const predicted = head(layers, which, feature, 2, headOptions(config));
  return { outputs: new Map([['predicted', predicted]]), effects: [] };
}
