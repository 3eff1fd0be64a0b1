/** What training, alignment and scoring know of a method. The methods themselves are listed in detectors.ts. */
import type { Value } from '../graph/value.ts';
import type { ResNetConfig } from '../models/resnet.ts';
import type { Layers, ParameterSpec } from '../nn/layers.ts';
import type { OptimiserConfig } from '../nn/optimiser.ts';

/** Parameters with one learning rate and one mode of their batch norms: a fresh network's, or a pre-trained encoder's. */
export type Group = 'detector' | 'encoder';

/** Batch statistics, which also move the running ones; or the running statistics as they are. */
export const NORM_MODES = ['evaluation', 'training'] as const;
export type NormMode = (typeof NORM_MODES)[number];

/** One network of a detector: a pair of slabs on the device. Its name is the first word of an encoder's tensors. */
export interface Part {
  readonly specs: readonly ParameterSpec[];
  /** Where its tensors come from before training: the file of the pre-trained encoder, or the seed. */
  readonly start: 'encoder' | 'seed';
  /** Who trains it; absent: it is frozen, its batch norms in evaluation. */
  readonly group?: Group;
}

/** Where a plan starts: at the images [N, 3, S, S], or at what `Detector.frozen` made of them. */
export type Source = { readonly images: Value } | { readonly frozen: readonly Value[] };

/** Feature maps as the detector rebuilds them, each beside what it should be. Targets carry no derivative. */
export interface Reconstruction {
  readonly targets: readonly Value[];
  readonly rebuilt: readonly Value[];
  /** What an alignment's head reads: [N, C, h, w]. */
  readonly embedding: Value;
}

/** The paper's settings. */
export interface DetectorDefaults {
  readonly size: number;
  readonly batch: number;
  readonly iterations: number;
  /** Its `lr` is that of the group `detector`. */
  readonly optimiser: OptimiserConfig;
  /** Of the group `encoder`, where the method has one. */
  readonly encoderLr?: number;
  readonly encoderNorm?: NormMode;
  readonly alignIterations: number;
  /** Smooth-L1's threshold for the regressor: it goes by the scale of the method's maps. */
  readonly alignAlpha: number;
}

/** A method. `Name` are its parts. */
export interface Detector<Name extends string = string> {
  readonly defaults: DetectorDefaults;
  /** Whose checkpoints training can start from; absent: none. */
  readonly checkpoints?: 'RD4AD';
  parts(encoder: ResNetConfig): Readonly<Record<Name, Part>>;
  /**
   * What training never changes of an image, to be computed once where memory allows; absent where everything changes.
   * The other functions then take its results for images.
   */
  frozen?(layers: PartLayers<Name>, images: Value, encoder: ResNetConfig): readonly Value[];
  reconstruct(layers: PartLayers<Name>, source: Source, encoder: ResNetConfig): Reconstruction;
  /** What training minimises: one element. May read inputs of its own, which `lossInputs` fills. */
  loss(made: Reconstruction): Value;
  lossInputs?(step: number, iterations: number): Readonly<Record<string, Float32Array>>;
  /** The un-smoothed anomaly map [N, 1, size, size]. */
  map(made: Reconstruction, size: number): Value;
  /** What every learning rate is multiplied by at `step` (from 0) of `iterations`. */
  rateAt(step: number, iterations: number): number;
}

export type PartLayers<Name extends string> = Readonly<Record<Name, Layers>>;
