import { CADA_DEFAULTS } from '../methods/cada.ts';
import type { CalibrationOrder, NormMode } from '../methods/detector.ts';
import { CALIBRATION_ORDERS, NORM_MODES } from '../methods/detector.ts';
import { detectorIn } from '../methods/detectors.ts';
import type { OptimiserConfig } from '../nn/optimiser.ts';
import type { OptionNames } from '../options.ts';
import type { RunConfig } from './config.ts';

/** `method`: as the method's `rateAt` has it. */
export const LR_SCHEDULES = ['method', 'constant'] as const;
export type LrSchedule = (typeof LR_SCHEDULES)[number];

/** What the upper value of a class's table row is: the mean of its images' maxima, or u + 3 sigma of all its pixels. */
export const CLASS_TABLES = ['maximum', 'sigma'] as const;
export type ClassTableKind = (typeof CLASS_TABLES)[number];

/** What the CADA paper leaves open, or leaves to each data set: docs/methods.md has each choice's source. */
export interface Choices {
  /** Of AdamW; absent: the method's. */
  readonly adamEps?: number;
  /** AdamW divides by the largest second moment so far; absent: the method's. */
  readonly amsgrad?: boolean;
  /** Of the detector's learning rates; absent: `method`. */
  readonly lrSchedule?: LrSchedule;
  /** Learning rate of the alignment's heads; absent: the paper's. */
  readonly alignLr?: number;
  /** Smooth-L1's threshold for the regressor; absent: the method's. */
  readonly alignAlpha?: number;
  /** How the detector's batch norms and noise are while a head trains; absent: `evaluation`, which is computed once. */
  readonly alignBase?: NormMode;
  /** Whether the un-smoothed map is calibrated, then smoothed, or the smoothed one; absent: `before`. */
  readonly calibration?: CalibrationOrder;
  /** Of `class` and `classifier`; absent: `maximum`. */
  readonly classTable?: ClassTableKind;
}

export const CHOICES: OptionNames<Choices> = {
  adamEps: true,
  amsgrad: true,
  lrSchedule: true,
  alignLr: true,
  alignAlpha: true,
  alignBase: true,
  calibration: true,
  classTable: true,
};

/** The optimiser of a run's detector: its method's, with what the run chose. */
export function optimiserOf(
  config: Pick<RunConfig, 'method' | 'preset' | 'adamEps' | 'amsgrad'>,
): OptimiserConfig {
  const { optimiser } = detectorIn(config).defaults;
  if (optimiser.kind !== 'adamw') return optimiser;
  const { adamEps: eps = optimiser.eps, amsgrad = optimiser.amsgrad } = config;
  return { ...optimiser, eps, amsgrad };
}

/** Learning rate of the heads. */
export const alignLrOf = ({ alignLr = CADA_DEFAULTS.optimiser.lr }: Pick<RunConfig, 'alignLr'>): number =>
  alignLr;

/** What is wrong with a run's choices. */
export function wrongOfChoices(config: RunConfig): string[] {
  const wrong: string[] = [];
  const above = (name: 'adamEps' | 'alignLr' | 'alignAlpha'): void => {
    const value = config[name];
    if (value !== undefined && !(value > 0)) wrong.push(`${name} expects more than 0, got ${value}`);
  };
  const oneOf = (name: keyof Choices, names: readonly string[]): void => {
    const value = config[name];
    if (value !== undefined && !names.includes(value as string)) {
      wrong.push(`${name} expects one of ${names.join(', ')}, got ${value}`);
    }
  };
  above('adamEps');
  above('alignLr');
  above('alignAlpha');
  oneOf('lrSchedule', LR_SCHEDULES);
  oneOf('alignBase', NORM_MODES);
  oneOf('calibration', CALIBRATION_ORDERS);
  oneOf('classTable', CLASS_TABLES);
  return wrong;
}
