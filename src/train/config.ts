import type { Layout } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { ALIGNMENTS, type Alignment } from '../methods/cada.ts';
import { NORM_MODES, type NormMode } from '../methods/detector.ts';
import { DETECTOR_NAMES, DETECTORS, type DetectorName } from '../methods/detectors.ts';
import { HEAD_STRUCTURES, type HeadStructure } from '../models/regressor.ts';
import {
  DECODER_ACTIVATIONS,
  type DecoderActivation,
  RESNETS,
  type ResNetConfig,
  type ResNetName,
} from '../models/resnet.ts';
import { PRECISIONS, type Precision } from '../nn/trainable.ts';

/** Everything needed to repeat a run; `config.json` in its folder. */
export interface RunConfig {
  readonly version: string;
  readonly method: DetectorName;
  readonly encoder: ResNetName;
  /** Path of the encoder's weights, or `embedded`. */
  readonly weights: string;
  /** Path of the detector that training starts from; absent: fresh from the seed. */
  readonly detector?: string;
  /** Of the decoder; absent: gelu. */
  readonly activation?: DecoderActivation;
  readonly align: readonly Alignment[];
  readonly size: number;
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
  /** Where it was given; else it is found from the folder names. */
  readonly layout?: Layout;
  /** Of the data set's classes only these: the class-separated models. Default all. */
  readonly classes?: readonly string[];
  /** A noisy training set: the fraction of anomalous test images that was asked for, and the ids that were moved. */
  readonly contaminate?: { readonly fraction: number; readonly images: readonly string[] };
  readonly smoothing: 'author' | 'scipy';
  /** Share of a map's pixels, its highest, whose mean is the image's score; 0 means the maximum. */
  readonly scoreFraction: number;
  /** How scoring stores weights and activations; absent: f32. Training always stores f32. */
  readonly precision?: Precision;
  /** Structure of the alignments' heads, their dropout and their convolutions' kernel; absent: the defaults of `HeadOptions`. */
  readonly alignHead?: HeadStructure;
  readonly alignDropout?: number;
  readonly alignKernel?: 1 | 3;
  readonly adapter: string;
  /** Hash of the measured kernel choices it was trained with; absent where the rule chose. */
  readonly tuning?: string;
}

/** What the networks of a run are built from. */
export const encoderConfig = ({
  encoder,
  activation,
}: Pick<RunConfig, 'encoder' | 'activation'>): ResNetConfig =>
  activation === undefined ? RESNETS[encoder] : { ...RESNETS[encoder], decoderActivation: activation };

/** @throws ConfigError listing everything that is wrong. */
export function checkConfig(config: RunConfig): void {
  const wrong: string[] = [];
  const whole = (name: 'batch' | 'iterations' | 'alignIterations', least: number): void => {
    if (!Number.isInteger(config[name]) || config[name] < least) {
      wrong.push(`${name} expects a whole number of at least ${least}, got ${config[name]}`);
    }
  };
  if (!DETECTOR_NAMES.includes(config.method)) {
    wrong.push(`method expects one of ${DETECTOR_NAMES.join(', ')}, got ${config.method}`);
  }
  if (!Object.hasOwn(RESNETS, config.encoder)) {
    wrong.push(`encoder expects one of ${Object.keys(RESNETS).join(', ')}, got ${config.encoder}`);
  }
  if (config.size % 32 !== 0 || config.size < 64) {
    wrong.push(`size expects a multiple of 32 of at least 64, got ${config.size}`);
  }
  whole('batch', 2);
  whole('iterations', config.detector === undefined ? 1 : 0);
  if (config.activation !== undefined && !DECODER_ACTIVATIONS.includes(config.activation)) {
    wrong.push(`activation expects one of ${DECODER_ACTIVATIONS.join(', ')}, got ${config.activation}`);
  }
  whole('alignIterations', 0);
  if (!(config.lr > 0)) wrong.push(`lr expects more than 0, got ${config.lr}`);
  wrong.push(...wrongOfMethod(config));
  if (!(config.scoreFraction >= 0 && config.scoreFraction <= 1)) {
    wrong.push(`scoreFraction expects 0 to 1, got ${config.scoreFraction}`);
  }
  wrong.push(...wrongOfHead(config));
  if (config.precision !== undefined && !PRECISIONS.includes(config.precision)) {
    wrong.push(`precision expects one of ${PRECISIONS.join(', ')}, got ${config.precision}`);
  }
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

/** What is wrong with options that only some methods have. */
function wrongOfMethod({ method, encoderLr, encoderNorm, detector }: RunConfig): string[] {
  const wrong: string[] = [];
  if (encoderLr !== undefined && !(encoderLr >= 0)) {
    wrong.push(`encoderLr expects 0 or more, got ${encoderLr}`);
  }
  if (encoderNorm !== undefined && !NORM_MODES.includes(encoderNorm)) {
    wrong.push(`encoderNorm expects one of ${NORM_MODES.join(', ')}, got ${encoderNorm}`);
  }
  // An unknown method is refused by itself.
  if (!DETECTOR_NAMES.includes(method)) return wrong;
  const { defaults, checkpoints } = DETECTORS[method];
  if (defaults.encoderLr === undefined) {
    for (const [name, value] of Object.entries({ encoderLr, encoderNorm })) {
      if (value !== undefined)
        wrong.push(`${name} is for methods that train their encoder, not for ${method}`);
    }
  }
  if (detector !== undefined && checkpoints === undefined) {
    wrong.push(`detector is for methods whose checkpoints are read, not for ${method}`);
  }
  return wrong;
}
