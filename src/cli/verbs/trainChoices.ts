import type { Command } from 'commander';
import { ALIGNMENTS, CADA_DEFAULTS } from '../../methods/cada.ts';
import {
  CALIBRATION_ORDERS,
  type CalibrationOrder,
  NORM_MODES,
  type NormMode,
} from '../../methods/detector.ts';
import { HEAD_DEFAULTS, HEAD_STRUCTURES, type HeadStructure } from '../../models/regressor.ts';
import {
  type Choices,
  CLASS_TABLES,
  type ClassTableKind,
  LR_SCHEDULES,
  type LrSchedule,
} from '../../train/choices.ts';
import type { RunConfig } from '../../train/config.ts';
import { ofMethod } from '../methodHelp.ts';
import { integer, real } from '../numbers.ts';

export interface ChoiceFlags {
  readonly alignHead: string;
  readonly alignDropout: number;
  readonly alignKernel: number;
  readonly adamEps?: number;
  readonly amsgrad?: boolean;
  readonly lrSchedule?: string;
  readonly alignLr?: number;
  readonly alignAlpha?: number;
  readonly alignBase?: string;
  readonly calibration?: string;
  readonly classTable?: string;
}

/** The flags of the alignment's head and of what the paper leaves open; docs/methods.md says where each default comes from. */
export const addChoices = (command: Command): Command =>
  command
    .option(
      '--align-head <name>',
      `structure of the alignment's head: ${Object.keys(HEAD_STRUCTURES).join(', ')}`,
      HEAD_DEFAULTS.structure,
    )
    .option(
      '--align-dropout <p>',
      "dropout of the alignment's head",
      real('--align-dropout', 0, 0.99),
      HEAD_DEFAULTS.dropout,
    )
    .option(
      '--align-kernel <n>',
      "kernel of the head's convolutions, 1 or 3",
      integer('--align-kernel', 1, 3),
      HEAD_DEFAULTS.kernel,
    )
    .option(
      '--adam-eps <x>',
      `AdamW's epsilon ${ofMethod(({ optimiser }) => ('eps' in optimiser ? optimiser.eps : undefined))}`,
      real('--adam-eps', 0),
    )
    .option(
      '--amsgrad',
      `AdamW divides by the largest second moment so far ${ofMethod(({ optimiser }) => ('amsgrad' in optimiser ? String(optimiser.amsgrad) : undefined))}`,
    )
    .option(
      '--lr-schedule <name>',
      `of the detector's learning rates: ${LR_SCHEDULES.join(' or ')} (default: method, its own fall)`,
    )
    .option(
      '--align-lr <x>',
      `learning rate of the alignment (default: ${CADA_DEFAULTS.optimiser.lr})`,
      real('--align-lr', 0),
    )
    .option(
      '--align-alpha <x>',
      `threshold of the alignment's smooth-L1 loss, on the scale of the method's maps ${ofMethod(({ alignAlpha }) => alignAlpha)}`,
      real('--align-alpha', 0),
    )
    .option(
      '--calibration <order>',
      `of maps, ${CALIBRATION_ORDERS.join(' or ')} smoothing; what is learned are the statistics of the map that is calibrated (default: before)`,
    )
    .option(
      '--class-table <name>',
      `upper value of a class for ${ALIGNMENTS.filter((name) => name.startsWith('class')).join(' and ')}: ${CLASS_TABLES[0]}, the mean of its images' maxima, or ${CLASS_TABLES[1]}, 3 standard deviations above the mean (default: ${CLASS_TABLES[0]})`,
    )
    .option(
      '--align-base <mode>',
      `the detector while the alignment trains: ${NORM_MODES.join(' or ')}, which runs it at every step, with batch statistics (default: evaluation)`,
    );

/** Their entries in a run's configuration; of what the paper leaves open only those given: the rest is the method's (`resolvedConfig`). */
export const choicesOf = ({
  alignHead,
  alignDropout,
  alignKernel,
  adamEps,
  amsgrad,
  lrSchedule,
  alignLr,
  alignAlpha,
  alignBase,
  calibration,
  classTable,
}: ChoiceFlags): Choices & Pick<RunConfig, 'alignHead' | 'alignDropout' | 'alignKernel'> => ({
  alignHead: alignHead as HeadStructure,
  alignDropout,
  alignKernel: alignKernel as 1 | 3,
  adamEps,
  amsgrad,
  lrSchedule: lrSchedule as LrSchedule | undefined,
  alignLr,
  alignAlpha,
  alignBase: alignBase as NormMode | undefined,
  calibration: calibration as CalibrationOrder | undefined,
  classTable: classTable as ClassTableKind | undefined,
});
