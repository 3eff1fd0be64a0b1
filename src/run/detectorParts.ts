/** A run's detector in a plan: its parts bound to their slabs, traced from images or from their frozen features. */
import { cast } from '../graph/ops/pointwise.ts';
import { input, type Value } from '../graph/value.ts';
import { calibratedMap, mapStatistics } from '../methods/cada.ts';
import type { Group, PartLayers, Source, Traced } from '../methods/detector.ts';
import { detectorIn } from '../methods/detectors.ts';
import { bindNetwork } from '../nn/trainable.ts';
import { modelOf, networkSide } from './config.ts';
import { frozenName, frozenShapes, type ModelConfig, type RunLayouts } from './networkLayouts.ts';
import type { RunConfig } from './settings.ts';

/** Whether a plan starts at the images or at their frozen features (`Detector.frozen`). */
export type StepSource = 'images' | 'frozen';

/** Settings that fix a plan's networks and tensor sizes, and how it stores activations. */
export type Sizes = ModelConfig & Pick<RunConfig, 'batch' | 'precision'>;

/** The same, and which map is calibrated. */
export type MapConfig = Sizes & Partial<Pick<RunConfig, 'smoothing' | 'calibration'>>;

/** Name of the input with the key of a step's random numbers. */
export const KEY = 'key';

/** Each part with tensors from its slabs; those that `training` names are bound for training. */
export function bindParts(
  { parts }: RunLayouts,
  training: (group: Group) => boolean,
  // Shared, so that no two parts draw the same random numbers.
  sites = { next: 0 },
) {
  const key = input(KEY, [4], 'u32');
  const bound = parts.map((part) => ({
    ...part,
    network: bindNetwork(part, {
      training: part.group !== undefined && training(part.group),
      key,
      sites,
    }),
  }));
  const layers: PartLayers<string> = Object.fromEntries(
    bound.map(({ name, network }) => [name, network.layers]),
  );
  return { bound, layers };
}

/**
 * Whether a run's training stores activations as f16: of a method that is trained by steps. What only remembers features is as
 * exact as they are.
 */
export const trainsInHalf = (config: Pick<Sizes, 'method' | 'preset' | 'precision'>): boolean =>
  config.precision === 'f16' && detectorIn(config).defaults.iterations !== 0;

/** The frozen features of `images`, f16 as a training in f16 keeps them; undefined for a method without. */
export const frozenHalves = (
  config: Sizes,
  layers: PartLayers<string>,
  images: Value,
): readonly Value[] | undefined =>
  detectorIn(config)
    .frozen?.(layers, images, modelOf(config))
    .map((each) => cast(each, 'f16'));

/** As methods read them; `storeHalf` leaves these casts out. */
const inFull = (frozen: readonly Value[]): Value[] => frozen.map((each) => cast(each, 'f32'));

/**
 * A batch of images, or of their frozen features, as inputs of a plan. @param half for a training in f16: features are stored
 * so, cached or not, and all that follows has the same bytes.
 */
export function sourceOf(
  config: Sizes,
  layers: PartLayers<string>,
  source: StepSource,
  half = false,
): Source {
  const side = networkSide(config);
  if (source === 'images') {
    const images = input('images', [config.batch, 3, side, side]);
    const frozen = half ? frozenHalves(config, layers, images) : undefined;
    return frozen ? { frozen: inFull(frozen) } : { images };
  }
  const frozen = (frozenShapes(config) ?? []).map((shape, i) =>
    input(frozenName(i), [config.batch, ...shape], half ? 'f16' : 'f32'),
  );
  return { frozen: half ? inFull(frozen) : frozen };
}

/** Statistics of the calibrated map, computed from the un-smoothed one. */
export function statisticsOf(map: Value, config: Omit<MapConfig, 'batch'>): ReturnType<typeof mapStatistics> {
  const { smoothing = detectorIn(config).defaults.smoothing, calibration } = config;
  return mapStatistics(calibratedMap(map, { smoothing, calibration }));
}

/** The detector in scoring mode, traced over one batch. @param half as `sourceOf` has it. */
export function detect(config: Sizes, layouts: RunLayouts, source: StepSource, half = false): Traced {
  const { layers } = bindParts(layouts, () => false);
  return detectorIn(config).trace(layers, sourceOf(config, layers, source, half), modelOf(config));
}
