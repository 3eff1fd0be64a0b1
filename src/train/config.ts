import { type Frame, type Layout, RESAMPLES, type Resample } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { ALIGNMENTS, type Alignment, type ScoreRule } from '../methods/cada.ts';
import {
  type DetectorDefaults,
  type Model,
  NORM_MODES,
  type NormMode,
  SMOOTHINGS,
  type Smoothing,
} from '../methods/detector.ts';
import { DETECTOR_NAMES, DETECTORS, type DetectorName, detectorIn } from '../methods/detectors.ts';
import { PRETRAINED_NAMES, type PretrainedName, pretrained } from '../models/encoders.ts';
import { HEAD_STRUCTURES, type HeadStructure } from '../models/regressor.ts';
import { DECODER_ACTIVATIONS, type DecoderActivation } from '../models/resnet.ts';
import { PRECISIONS, type Precision } from '../nn/trainable.ts';
import { type OptionNames, withNearest } from '../options.ts';
import { CHOICES, type Choices, wrongOfChoices } from './choices.ts';

/** Everything needed to repeat a run; `config.json` in its folder. */
export interface RunConfig extends Choices {
  readonly version: string;
  readonly method: DetectorName;
  /** The method's other settings, by a name of its own; absent: the paper's. */
  readonly preset?: string;
  readonly encoder: PretrainedName | 'none';
  /** Path of the encoder's weights, or `embedded`; `none` where there is no encoder. */
  readonly weights: string;
  /** Of that file when the run was begun; absent in runs older than this entry. */
  readonly weightsSha256?: string;
  /** Path of the detector that training starts from; absent: fresh from the seed. */
  readonly detector?: string;
  /** Of that file, likewise. */
  readonly detectorSha256?: string;
  /** Of the decoder; absent: gelu. */
  readonly activation?: DecoderActivation;
  readonly align: readonly Alignment[];
  readonly size: number;
  /** Side that images are resized to before their middle of `size` is taken; absent: `size`. */
  readonly resize?: number;
  /** How they are resized; absent: as Pillow does. */
  readonly resample?: Resample;
  readonly batch: number;
  readonly iterations: number;
  readonly alignIterations: number;
  readonly lr: number;
  /** Of an encoder that is trained; absent where the method's is frozen. */
  readonly encoderLr?: number;
  /** Its batch norms in training; absent likewise. */
  readonly encoderNorm?: NormMode;
  readonly seed: number;
  /** Absolute path of the data set. */
  readonly data: string;
  /** Of the images to train on, and those of `textures` (`dataChecksum`); absent in runs older than this entry. */
  readonly dataSha256?: string;
  /** Where it was given; else it is found from the folder names. */
  readonly layout?: Layout;
  /** Of the data set's classes only these: the class-separated models. Default all. */
  readonly classes?: readonly string[];
  /** A noisy training set: the fraction of anomalous test images that was asked for, and the ids that were moved. */
  readonly contaminate?: { readonly fraction: number; readonly images: readonly string[] };
  readonly smoothing: Smoothing;
  /** Share of a map's pixels, its highest, whose mean is the image's score; 0 means the maximum, null the method's own score. */
  readonly scoreFraction: number | null;
  /** How scoring stores weights and activations; absent: f32. Training always stores f32. */
  readonly precision?: Precision;
  /** Structure of the alignments' heads, their dropout and their convolutions' kernel; absent: the defaults of `HeadOptions`. */
  readonly alignHead?: HeadStructure;
  readonly alignDropout?: number;
  readonly alignKernel?: 1 | 3;
  /** Share of the training patches that the method's memory keeps; absent where it keeps none of them. */
  readonly coresetFraction?: number;
  readonly adapter: string;
  /** Channels of a method's own networks; absent where the encoder fixes them. */
  readonly width?: number;
  /** Folder of images that anomalies are made of, as an absolute path; absent: drawn textures. */
  readonly textures?: string;
  /** Rows of the method's memory, which go by the number of training images; absent where it has none. */
  readonly memoryRows?: number;
  /** Hash of the measured kernel choices it was trained with; absent where the rule chose. */
  readonly tuning?: string;
}

const RUN_CONFIG: OptionNames<RunConfig> = {
  ...CHOICES,
  version: true,
  method: true,
  preset: true,
  encoder: true,
  weights: true,
  weightsSha256: true,
  detector: true,
  detectorSha256: true,
  activation: true,
  align: true,
  size: true,
  resize: true,
  resample: true,
  batch: true,
  iterations: true,
  alignIterations: true,
  lr: true,
  encoderLr: true,
  encoderNorm: true,
  seed: true,
  data: true,
  dataSha256: true,
  layout: true,
  classes: true,
  contaminate: true,
  smoothing: true,
  scoreFraction: true,
  precision: true,
  alignHead: true,
  alignDropout: true,
  alignKernel: true,
  coresetFraction: true,
  adapter: true,
  width: true,
  textures: true,
  memoryRows: true,
  tuning: true,
};

/** How its images are cut. */
export const frameIn = ({ size, resize, resample }: Frame): Frame => ({ size, resize, resample });

/** How its maps become scores. */
export const scoreRuleIn = ({ smoothing, calibration, scoreFraction }: ScoreRule): ScoreRule => ({
  smoothing,
  calibration,
  scoreFraction,
});

/** What the networks of a run are built from. */
export function modelOf({
  encoder,
  activation,
  size,
  memoryRows = 0,
  width = 0,
}: Pick<RunConfig, 'encoder' | 'activation' | 'size' | 'memoryRows' | 'width'>): Model {
  const found = encoder === 'none' ? null : pretrained(encoder);
  const decoded =
    found?.family === 'resnet' && activation !== undefined
      ? { ...found, config: { ...found.config, decoderActivation: activation } }
      : found;
  return { encoder: decoded, size, memoryRows, width };
}

/** @throws ConfigError listing everything that is wrong. */
export function checkConfig(config: RunConfig): void {
  const wrong = Object.keys(config)
    .filter((name) => !Object.hasOwn(RUN_CONFIG, name))
    .map((name) => `expects no ${withNearest(name, Object.keys(RUN_CONFIG))}`);
  const whole = (name: 'batch' | 'iterations' | 'alignIterations', least: number): void => {
    if (!Number.isInteger(config[name]) || config[name] < least) {
      wrong.push(`${name} expects a whole number of at least ${least}, got ${config[name]}`);
    }
  };
  if (!DETECTOR_NAMES.includes(config.method)) {
    wrong.push(`method expects one of ${DETECTOR_NAMES.join(', ')}, got ${config.method}`);
  }
  if (config.size % 32 !== 0 || config.size < 64) {
    wrong.push(`size expects a multiple of 32 of at least 64, got ${config.size}`);
  }
  whole('batch', 2);
  if (config.resize !== undefined && !(Number.isInteger(config.resize) && config.resize >= config.size)) {
    wrong.push(`resize expects a whole number of at least size, ${config.size}, got ${config.resize}`);
  }
  if (config.resample !== undefined && !RESAMPLES.includes(config.resample)) {
    wrong.push(`resample expects one of ${RESAMPLES.join(', ')}, got ${config.resample}`);
  }
  whole('iterations', 0);
  if (config.activation !== undefined && !DECODER_ACTIVATIONS.includes(config.activation)) {
    wrong.push(`activation expects one of ${DECODER_ACTIVATIONS.join(', ')}, got ${config.activation}`);
  }
  whole('alignIterations', 0);
  if (!(config.lr > 0)) wrong.push(`lr expects more than 0, got ${config.lr}`);
  wrong.push(...wrongOfMethod(config));
  if (!SMOOTHINGS.includes(config.smoothing)) {
    wrong.push(`smoothing expects one of ${SMOOTHINGS.join(', ')}, got ${config.smoothing}`);
  }
  if (config.scoreFraction !== null && !(config.scoreFraction >= 0 && config.scoreFraction <= 1)) {
    wrong.push(`scoreFraction expects 0 to 1, got ${config.scoreFraction}`);
  }
  wrong.push(...wrongOfHead(config), ...wrongOfChoices(config));
  if (config.precision !== undefined && !PRECISIONS.includes(config.precision)) {
    wrong.push(`precision expects one of ${PRECISIONS.join(', ')}, got ${config.precision}`);
  }
  if (!Array.isArray(config.align)) wrong.push(`align expects a list, got ${config.align}`);
  else
    for (const align of config.align) {
      if (!ALIGNMENTS.includes(align))
        wrong.push(`align expects any of ${ALIGNMENTS.join(', ')}, got ${align}`);
    }
  if (wrong.length > 0) throw new ConfigError(wrong.join('; '));
}

function wrongOfHead({ alignHead, alignDropout, alignKernel }: RunConfig): string[] {
  const wrong: string[] = [];
  if (alignHead !== undefined && !Object.hasOwn(HEAD_STRUCTURES, alignHead)) {
    wrong.push(`alignHead expects one of ${Object.keys(HEAD_STRUCTURES).join(', ')}, got ${alignHead}`);
  }
  if (alignDropout !== undefined && !(alignDropout >= 0 && alignDropout < 1)) {
    wrong.push(`alignDropout expects 0 or more and less than 1, got ${alignDropout}`);
  }
  if (alignKernel !== undefined && alignKernel !== 1 && alignKernel !== 3) {
    wrong.push(`alignKernel expects 1 or 3, got ${alignKernel}`);
  }
  return wrong;
}

/** The encoders that a method works with; `none` where it has none. */
export function encodersFor(method: Pick<RunConfig, 'method' | 'preset'>): RunConfig['encoder'][] {
  const { encoders } = detectorIn(method);
  if (encoders.length === 0) return ['none'];
  return PRETRAINED_NAMES.filter((name) => encoders.includes(pretrained(name).family));
}

/** What is wrong with options that only some methods have. */
function wrongOfMethod(config: RunConfig): string[] {
  const { method, preset, encoder, encoderLr, encoderNorm, detector, iterations, scoreFraction } = config;
  const { width, textures, coresetFraction } = config;
  const wrong: string[] = [];
  if (encoderLr !== undefined && !(encoderLr >= 0)) {
    wrong.push(`encoderLr expects 0 or more, got ${encoderLr}`);
  }
  if (encoderNorm !== undefined && !NORM_MODES.includes(encoderNorm)) {
    wrong.push(`encoderNorm expects one of ${NORM_MODES.join(', ')}, got ${encoderNorm}`);
  }
  // An unknown method is refused by itself.
  if (!DETECTOR_NAMES.includes(method)) return wrong;
  const presets = Object.keys(DETECTORS[method].presets ?? {});
  if (preset !== undefined && !presets.includes(preset)) {
    const known = presets.length > 0 ? `one of ${presets.join(', ')}` : 'nothing';
    wrong.push(`preset expects ${known} for ${method}, got ${preset}`);
  }
  const { defaults, checkpoints, anomalies, memory } = detectorIn(config);
  const fitting = encodersFor(config);
  if (!fitting.includes(encoder)) {
    wrong.push(`encoder expects one of ${fitting.join(', ')} for ${method}, got ${encoder}`);
  }
  const byStep = defaults.iterations !== 0;
  if (byStep && iterations === 0 && detector === undefined) {
    wrong.push('iterations expects a whole number of at least 1, got 0');
  }
  if (!byStep && iterations > 0) {
    wrong.push(`iterations expects 0 for ${method}, which is not trained by steps, got ${iterations}`);
  }
  if (scoreFraction === null && defaults.scoreFraction !== null) {
    wrong.push(`scoreFraction expects 0 to 1: ${method} has no score of its own`);
  }
  if (coresetFraction !== undefined && memory?.kind !== 'coreset') {
    wrong.push(`coresetFraction is for methods that remember patches, not for ${method}`);
  } else if (coresetFraction !== undefined && !(coresetFraction > 0 && coresetFraction <= 1)) {
    wrong.push(`coresetFraction expects more than 0 and at most 1, got ${coresetFraction}`);
  }
  if (defaults.encoderLr === undefined) {
    for (const [name, value] of Object.entries({ encoderLr, encoderNorm })) {
      if (value !== undefined)
        wrong.push(`${name} is for methods that train their encoder, not for ${method}`);
    }
  }
  if (defaults.width === undefined && width !== undefined) {
    wrong.push(`width is for methods with networks of their own width, not for ${method}`);
  }
  if (defaults.width !== undefined && !(Number.isInteger(width! / 2) && width! >= 2)) {
    wrong.push(`width expects an even number of at least 2 for ${method}, got ${width}`);
  }
  if (textures !== undefined && !anomalies) {
    wrong.push(`textures is for methods that learn from drawn anomalies, not for ${method}`);
  }
  if (detector !== undefined && checkpoints === undefined) {
    const reading = DETECTOR_NAMES.filter((name) => DETECTORS[name].checkpoints !== undefined);
    wrong.push(
      `detector is for methods whose checkpoints are read (${reading.join(', ')}), not for ${method}`,
    );
  }
  return wrong;
}

/** Steps of a method's defaults for so many training images. */
export const iterationsFor = (
  iterations: DetectorDefaults['iterations'],
  images: number,
  batch: number,
): number =>
  typeof iterations === 'number' ? iterations : iterations.epochs * Math.max(1, Math.floor(images / batch));

/** The method's resize, in proportion where another size is asked for. */
export const resizeFor = ({ resize, size: usual }: DetectorDefaults, size: number): number | undefined =>
  resize === undefined ? undefined : Math.round((size * resize) / usual);
