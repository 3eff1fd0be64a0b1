/** Everything that training, alignment and scoring use of a method. The methods themselves are listed in detectors.ts. */
import { ConfigError } from '../errors.ts';
import type { Value } from '../graph/value.ts';
import { type EncoderConfig, type PretrainedName, requireEncoder } from '../models/encoders/index.ts';
import type { Layers } from '../nn/layers.ts';
import type { OptimiserConfig } from '../nn/optimiser.ts';
import type { ParameterSpec } from '../nn/parameterSpec.ts';
import { type OptionNames, refuseExtra, requireOptions } from '../options.ts';

/** Parameters with one learning rate and one mode of their batch norms: a fresh network's, or a pre-trained encoder's. */
export type Group = 'detector' | 'encoder';

/** `training`: batch statistics, which also update the running ones; `evaluation`: the running statistics. */
export const NORM_MODES = ['evaluation', 'training'] as const;
export type NormMode = (typeof NORM_MODES)[number];

/** The author's 5 taps over a zero border, SciPy's 33 over a reflected one, or none. */
export const SMOOTHINGS = ['author', 'scipy', 'none'] as const;
export type Smoothing = (typeof SMOOTHINGS)[number];

/** Calibration before the map is smoothed, or after; the statistics are those of the map that is calibrated. */
export const CALIBRATION_ORDERS = ['before', 'after'] as const;
export type CalibrationOrder = (typeof CALIBRATION_ORDERS)[number];

/** Configuration that determines the networks of a method. */
export interface Model {
  /** Null for a method without. */
  readonly encoder: EncoderConfig | null;
  /** Side of the images that the networks see. */
  readonly size: number;
  /** Rows of the method's memory (`Detector.memory`); 0 without one. */
  readonly memoryRows: number;
  /** Channels of networks that start from the seed alone; 0 where the encoder fixes them. */
  readonly width: number;
}

/** One network of a detector: a pair of slabs on the device. Its name is the first word of an encoder's tensors. */
export interface Part {
  /** Its tensors. */
  readonly specs: readonly ParameterSpec[];
  /** Source of its tensors before training: the pre-trained encoder's file, the seed, or `Detector.memory`. */
  readonly start: 'encoder' | 'seed' | 'memory';
  /** The group that trains it; absent: frozen, with batch norms in evaluation mode. */
  readonly group?: Group;
}

/** Where a plan starts: at the images [N, 3, S, S], or at what `Detector.frozen` made of them. */
export type Source = { readonly images: Value } | { readonly frozen: readonly Value[] };

/** One batch traced by a method. Only what a plan asks for is computed. */
export interface Traced {
  /** Input of an alignment's head: [N, C, h, w]. */
  readonly embedding: Value;
  /** The un-smoothed anomaly map [N, 1, size, size]. */
  map(): Value;
  /**
   * The training loss: one element. May read further inputs, filled by `lossInputs`. Absent: nothing is trained by
   * steps.
   */
  loss?(): Value;
  /** The method's own image score [N], where it is not the mean of a fraction of the smoothed map. */
  score?(parts: ScoreParts): Value;
}

/** Inputs of a method's own score. */
export interface ScoreParts {
  /** Equation 5 for what is on the map's scale [N, 1, h, w]; the identity without alignment. */
  calibrate(x: Value): Value;
  /** The calibrated and smoothed map [N, 1, size, size]. */
  readonly smoothed: Value;
}

/**
 * Settings of a first look, which replace those of the paper: a report within ten minutes on two cores for some hundred
 * images. Numbers of steps were chosen by the time they take, RevDist's learning rates on drawn images (the demo's).
 */
export interface QuickLook {
  /** Side of the images in pixels. */
  readonly size: number;
  readonly batch?: number;
  /** Steps; absent where nothing is trained by steps. */
  readonly iterations?: number;
  readonly lr?: number;
  readonly alignIterations?: number;
  readonly alignLr?: number;
  readonly width?: number;
  readonly coresetFraction?: number;
}

/** The paper's settings. */
export interface DetectorDefaults {
  /** Side of the images in pixels. */
  readonly size: number;
  /** Images are resized to this side first, then their middle of `size` is taken; absent: resized to `size`. */
  readonly resize?: number;
  /** How they are resized; absent: as Pillow does. */
  readonly resample?: 'opencv';
  /** Images a step. */
  readonly batch: number;
  /** Steps, or passes over the training images. 0: nothing is trained by steps. */
  readonly iterations: number | { readonly epochs: number };
  /** Its `lr` is that of the group `detector`. */
  readonly optimiser: OptimiserConfig;
  /** Learning rate of the group `encoder`, where the method has one. */
  readonly encoderLr?: number;
  /** How the batch norms of a trained encoder behave; absent: as in evaluation. */
  readonly encoderNorm?: NormMode;
  /** Where the method's networks have a width to choose, an even number. */
  readonly width?: number;
  /** Steps of the alignment's training. */
  readonly alignIterations: number;
  /** Smooth-L1's threshold for the regressor: it goes by the scale of the method's maps. */
  readonly alignAlpha: number;
  /** Smoothing of the map before it is scored. */
  readonly smoothing: Smoothing;
  /** Share of the smoothed map whose mean is the image's score, 0 its maximum; null: `Traced.score`. */
  readonly scoreFraction: number | null;
  /** What `--preset quick` sets instead. */
  readonly quick: QuickLook;
}

/** A method's memory of the training images, filled by passes over them before training. */
export type Memory<Name extends string> = MeanMemory<Name> | CoresetMemory<Name>;

/** Mean over the images of `describe`'s result, stored in the only tensor of the only part with start `memory`. */
export interface MeanMemory<Name extends string> {
  readonly kind: 'mean';
  /** How many rows are kept of `images` training images. */
  rows(model: Model, images: number): number;
  /** Rows that each image adds: [N, rows, C], computed by the untrained parts. */
  describe(layers: PartLayers<Name>, source: Source, model: Model): Value;
}

/** A coreset of the patches of all images: each pick is the one farthest from those before; see train/coreset.ts. */
export interface CoresetMemory<Name extends string> {
  readonly kind: 'coreset';
  /** Default share of the patches that is kept. */
  readonly fraction: number;
  /** Patches of one image. */
  patches(model: Model): number;
  /** The vectors of all patches of each image: [N, patches, C], computed by the untrained parts. */
  describe(layers: PartLayers<Name>, source: Source, model: Model): Value;
}

/** A method. `Name` are its parts. */
export interface Detector<Name extends string = string> {
  /** The paper's settings, for what a run does not choose. */
  readonly defaults: DetectorDefaults;
  /**
   * What it reads of an encoder: the strides of its feature maps, finest first, or `all` of them; absent: it has no
   * encoder. Every encoder with such feature maps fits.
   */
  readonly taps?: readonly number[] | 'all';
  /** The encoder of its paper, where that is another one than the other methods'. */
  readonly ownEncoder?: PretrainedName;
  /** Whose checkpoints training can start from; absent: none. */
  readonly checkpoints?: 'RD4AD' | 'UniAD';
  /** Its networks by name, for images and an encoder of these sizes. */
  parts(model: Model): Readonly<Record<Name, Part>>;
  /**
   * Features of an image that training never changes, computed once where memory allows; absent if everything changes.
   * The other functions then take its results in place of images.
   */
  frozen?(layers: PartLayers<Name>, images: Value, model: Model): readonly Value[];
  /** Its memory of the training images; absent: none. */
  readonly memory?: Memory<Name>;
  /**
   * Training steps learn from synthetic anomalies: `images` have them, and there are inputs `clean` [N, 3, S, S],
   * normalised alike, and `mask` [N, 1, S, S], 1 where the two differ. Everything else gets the original images.
   */
  readonly anomalies?: true;
  /**
   * The own score of an image that is cut into tiles, where it needs more than the map: the highest of its tiles' scores.
   * Absent: `Traced.score` reads nothing but the smoothed map, and gets that of the whole image.
   */
  readonly scoreOfTiles?: 'highest';
  /** Traces one batch; only what is asked of the result is computed. */
  trace(layers: PartLayers<Name>, source: Source, model: Model): Traced;
  /** Further inputs of `Traced.loss` at `step` (from 0) of `iterations`, by name. */
  lossInputs?(step: number, iterations: number): Readonly<Record<string, Float32Array>>;
  /** Factor of every learning rate at `step` (from 0) of `iterations`. */
  rateAt(step: number, iterations: number): number;
  /** The same method with other settings, by the names of `--preset`. */
  readonly presets?: Readonly<Record<string, Detector<Name>>>;
}

/** The layers of each part, by its name. */
export type PartLayers<Name extends string> = Readonly<Record<Name, Layers>>;

/** The encoder of a method that has one, as `Detector.taps` says. @throws ConfigError where `Model.encoder` is null. */
export function encoderOf(model: Model, ...extra: never[]): EncoderConfig {
  refuseExtra('encoderOf', extra);
  requireModel(model);
  const { encoder } = model;
  if (encoder) return encoder;
  throw new ConfigError('this method expects an encoder, got none', {
    fix: 'give the model an `encoder`, such as pretrained("resnet18")',
  });
}

/** The images, for a method without frozen features. @throws ConfigError for a source that starts elsewhere. */
export function imagesOf(source: Source, method: string, why: string, ...extra: never[]): Value {
  refuseExtra('imagesOf', extra);
  requireSource(source);
  if ('images' in source) return source.images;
  throw new ConfigError(`${method} expects images to start at, got frozen features: ${why}`);
}

const MODEL: OptionNames<Model> = { encoder: true, size: true, memoryRows: true, width: true };
const SOURCE: OptionNames<Source> = { images: true, frozen: true };

/** @throws ConfigError for an unknown name in the model. */
export function requireModel(model: Model): void {
  requireOptions('model', model, MODEL);
  if (model.encoder) requireEncoder('model', model.encoder);
}

/** @throws ConfigError for an unknown name in the source. */
export const requireSource = (source: Source): void => requireOptions('source', source, SOURCE);
