import type { Layout } from '../data/index.ts';
import { ConfigError } from '../errors.ts';
import { ALIGNMENTS, type Alignment } from '../methods/cada.ts';
import {
  DECODER_ACTIVATIONS,
  type DecoderActivation,
  RESNETS,
  type ResNetConfig,
  type ResNetName,
} from '../models/resnet.ts';

/** Everything needed to repeat a run; `config.json` in its folder. */
export interface RunConfig {
  readonly version: string;
  readonly method: 'revdist';
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
  readonly scoreFraction: number;
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
  if (config.method !== 'revdist') wrong.push(`method expects revdist, got ${String(config.method)}`);
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
  for (const align of config.align) {
    if (!ALIGNMENTS.includes(align))
      wrong.push(`align expects any of ${ALIGNMENTS.join(', ')}, got ${align}`);
  }
  if (wrong.length > 0) throw new ConfigError(wrong.join('; '));
}
