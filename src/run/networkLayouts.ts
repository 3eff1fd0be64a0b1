import { input, type Value } from '../graph/value.ts';
import { HEAD_RECORDS, type HeadName } from '../methods/alignments/index.ts';
import { headSpecs } from '../methods/cada.ts';
import { detectorIn } from '../methods/detectors.ts';
import type { Group, Part, PartLayers, Traced } from '../methods/index.ts';
import type { HeadOptions } from '../models/regressor.ts';
import { type Layers, layersFrom } from '../nn/layers.ts';
import { type NetworkLayout, networkLayout, type Precision } from '../nn/trainable.ts';
import type { Shape } from '../shape.ts';
import { modelOf, networkSide } from './config.ts';
import type { RunConfig } from './settings.ts';

/** One network of a detector, laid out on the device. */
export interface PartLayout extends NetworkLayout, Pick<Part, 'start' | 'group'> {
  readonly name: string;
}

/** The networks of a run, each a pair of slabs. */
export interface RunLayouts {
  /** The detector's own, in the order of its weights file. */
  readonly parts: readonly PartLayout[];
  /** Heads that alignments predict with; a run trains and keeps those of its own alignments. */
  readonly heads: Readonly<Record<HeadName, NetworkLayout>>;
}

/** What fixes a run's networks and their sizes. */
export type ModelConfig = Pick<
  RunConfig,
  | 'method'
  | 'preset'
  | 'encoder'
  | 'activation'
  | 'size'
  | 'tile'
  | 'memoryRows'
  | 'width'
  | 'alignHead'
  | 'alignDropout'
  | 'alignKernel'
>;

/** @param precision how weights are stored; default f32, which training needs, with activations in f16 too. */
export function runLayouts(config: ModelConfig, classes: number, precision: Precision = 'f32'): RunLayouts {
  const parts = detectorIn(config).parts(modelOf(config));
  const feature = featureShape(config);
  const headLayout = (name: HeadName): NetworkLayout =>
    networkLayout(
      name,
      headSpecs(name, feature, HEAD_RECORDS[name].outputs(classes), headOptions(config)),
      precision,
    );
  return {
    parts: Object.entries(parts).map(([name, { specs, start, group }]) => ({
      // Memory rows stay f32: rounding would change distances between close features.
      ...networkLayout(name, specs, start === 'memory' ? 'f32' : precision),
      name,
      start,
      group,
    })),
    heads: Object.fromEntries(
      (Object.keys(HEAD_RECORDS) as HeadName[]).map((name) => [name, headLayout(name)]),
    ) as Record<HeadName, NetworkLayout>,
  };
}

export const headOptions = ({ alignHead, alignDropout, alignKernel }: ModelConfig): HeadOptions => ({
  structure: alignHead,
  dropout: alignDropout,
  kernel: alignKernel,
});

/** The parts that training changes. */
export const trainedParts = ({ parts }: RunLayouts): (PartLayout & { readonly group: Group })[] =>
  parts.flatMap((part) => (part.group === undefined ? [] : [{ ...part, group: part.group }]));

/** Shape of the feature of one image that the heads read. */
export const featureShape = (config: ModelConfig): Shape => outline(config).embedding.shape.slice(1);

/** The method traced over one image: for shapes, and for whatever needs no weights. */
export const outline = (config: ModelConfig): Traced =>
  detectorIn(config).trace(shapeOnly(config), { images: oneImage(config) }, modelOf(config));

/** Shapes of the frozen features of one image; null for a method without. */
export function frozenShapes(config: ModelConfig): Shape[] | null {
  const values = detectorIn(config).frozen?.(shapeOnly(config), oneImage(config), modelOf(config));
  return values?.map(({ shape }: Value) => shape.slice(1)) ?? null;
}

/** The frozen values' names as outputs of `frozenPlan` and inputs of the plans that start at them. */
export const frozenName = (index: number): string => `tap${index + 1}`;

const oneImage = (config: ModelConfig): Value =>
  input('images', [1, 3, networkSide(config), networkSide(config)]);

/** Layers that have shapes but compute nothing. */
function shapeOnly(config: ModelConfig): PartLayers<string> {
  const layers: Layers = layersFrom({
    training: false,
    tensor: ({ name, shape }) => input(name, shape),
  });
  const names = Object.keys(detectorIn(config).parts(modelOf(config)));
  return Object.fromEntries(names.map((name) => [name, layers]));
}
