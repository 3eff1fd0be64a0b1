import { ConfigError } from '../../errors.ts';
import { roundPercent } from '../../formats/percent.ts';
import { calibrates } from '../../methods/alignments/index.ts';
import type { ScoringChoice } from '../../run/scoredAs.ts';
import type { StoredThreshold } from '../../score/storedThreshold.ts';
import { thresholdRun } from '../../score/thresholdRun.ts';
import { EXIT } from '../exitCodes.ts';
import { real } from '../numbers.ts';
import { addScoringFlags } from '../settingFlags.ts';
import type { AddVerb } from '../verb.ts';
import { warner } from '../warnings.ts';

interface ThresholdFlags extends ScoringChoice<'threshold'> {
  readonly fpr: number;
  readonly images?: string[];
  readonly data?: string;
}

export const thresholdVerb: AddVerb = (program, run) => {
  const verb = program
    .command('threshold <run>')
    .description(
      'one threshold for all classes from normal images alone, stored in the run with where it comes from; `predict` uses it',
    )
    .option('--fpr <rate>', 'highest share of normal images to flag', rate, 0.01)
    .option(
      '--images <path...>',
      'normal images that were kept out of training; default: the training images, whose scores are a little lower than those of new ones',
    )
    .option('--data <dir>', 'another place of the data set that was trained on');
  addScoringFlags(verb, 'threshold');
  verb
    .addHelpText('after', '\nExample:\n  wgad threshold runs/first --fpr 0.01 --images photos/good')
    .action((folder: string, flags: ThresholdFlags) =>
      run(async (context) => {
        const progress = context.progress('scoring');
        const { fpr, ...choice } = flags;
        await thresholdRun({
          ...choice,
          run: folder,
          rate: fpr,
          gpu: context.gpu,
          signal: context.signal,
          onProgress: (done, of) => progress.update(done, of),
          onFound(stored) {
            progress.finish();
            context.result(stored, formatThreshold(stored));
          },
          onNote: warner(context),
        });
        return EXIT.done;
      }),
    );
};

function rate(text: string): number {
  const value = real('--fpr', 0, 1)(text);
  if (value === 0 || value === 1)
    throw new ConfigError(`--fpr expects more than 0 and less than 1, got ${text}`);
  return value;
}

export const formatThreshold = ({
  value,
  alignment,
  target,
  rate,
  images,
  source,
  interval,
}: StoredThreshold): string =>
  `threshold ${value.toPrecision(6)} of ${calibrates(alignment) ? 'calibrated' : 'raw'} scores (${alignment}), from ${images} ${source}: ` +
  `at most ${roundPercent(rate)} % of normal images like these are flagged (asked ${roundPercent(target)} %); ` +
  `${roundPercent(interval.level)} % interval ${interval.low.toPrecision(4)} to ${interval.high.toPrecision(4)}`;
