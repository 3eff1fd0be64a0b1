/** A run's detector in a plan: its parts bound to their slabs, traced from images or from their frozen features. */
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

/** Settings that fix a plan's networks and tensor sizes. */
export type Sizes = ModelConfig & Pick<RunConfig, 'batch'>;

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

/** A batch of images, or of their frozen features, as inputs of a plan. */
export function sourceOf(config: Sizes, source: StepSource): Source {
  const side = networkSide(config);
  if (source === 'images') return { images: input('images', [config.batch, 3, side, side]) };
  const shapes = frozenShapes(config) ?? [];
  return { frozen: shapes.map((shape, i) => input(frozenName(i), [config.batch, ...shape])) };
}

/** Statistics of the calibrated map, computed from the un-smoothed one. */
export function statisticsOf(map: Value, config: Omit<MapConfig, 'batch'>): ReturnType<typeof mapStatistics> {
  const { smoothing = detectorIn(config).defaults.smoothing, calibration } = config;
  return mapStatistics(calibratedMap(map, { smoothing, calibration }));
}

/** The detector in scoring mode, traced over one batch. */
export function detect(config: Sizes, layouts: RunLayouts, source: StepSource): Traced {
  const { layers } = bindParts(layouts, () => false);
  return detectorIn(config).trace(layers, sourceOf(config, source), modelOf(config));
}
