import {
  checkDataset,
  convertDatasets,
  formatReport,
  LAYOUTS,
  type Layout,
  synthesize,
} from '../../data/index.ts';
import { EXIT } from '../exitCodes.ts';
import { oneOf } from '../names.ts';
import { integer } from '../numbers.ts';
import { requireOutside } from '../outsideData.ts';
import { settingFlag } from '../settingFlags.ts';
import { requiredOption } from '../settings.ts';
import type { AddVerb } from '../verb.ts';
import { warner } from '../warnings.ts';

export const dataVerb: AddVerb = (program, run) => {
  const data = program
    .command('data')
    .description('make, check or convert a data set')
    .addHelpText('after', '\nExample:\n  wgad data check photos');
  data
    .command('synth')
    .description('procedural multi-class data set in MVTec layout; same seed, same bytes')
    .addOption(requiredOption('--out <dir>', 'folder to make; must be new or empty'))
    .option('--classes <n>', 'kinds of objects', integer('--classes', 1, 12), 12)
    .option('--train <n>', 'normal training images per class', integer('--train', 1), 40)
    .option('--test <n>', 'test images per class, about half of them defective', integer('--test', 2), 30)
    .option('--size <px>', 'side of the images', integer('--size', 32, 2048), 160)
    .option('--defects <names>', 'comma-separated defect kinds; default all')
    .addHelpText('after', '\nExample:\n  wgad data synth --out data/synth --classes 8')
    .action(
      (options: {
        out: string;
        classes: number;
        train: number;
        test: number;
        size: number;
        defects?: string;
      }) =>
        run(async (context) => {
          const progress = context.progress('drawing');
          const made = await synthesize({
            ...options,
            defects: options.defects?.split(',').map((name) => name.trim()),
            seed: context.seed,
            signal: context.signal,
            onProgress: (done, total) => progress.update(done, total),
          });
          progress.finish();
          context.result(
            made,
            `${made.root}: ${made.classes.length} classes, ${made.trainImages} training and ${made.testImages} test images`,
          );
          return EXIT.done;
        }),
    );
  data
    .command('check <dir>')
    .description('layout found, counts (of published sets those that differ), sizes, and what is wrong')
    .addOption(settingFlag('layout'))
    .option('--all', 'a line for each problem and warning, not for each kind of them, and all sizes')
    .addHelpText('after', '\nExample:\n  wgad data check data/synth')
    .action((dir: string, { layout, all }: { layout?: Layout; all?: boolean }) =>
      run(async (context) => {
        // There is nothing to save, and a large image takes seconds to decode.
        context.endAtSignal();
        const progress = context.progress('reading');
        const report = await checkDataset(dir, {
          layout,
          onProgress: (done, total) => progress.update(done, total),
        });
        progress.finish();
        context.result(report, formatReport(report, { all }));
        return report.problems.length > 0 ? EXIT.failed : EXIT.done;
      }),
    );
  data
    .command('convert <dir...>')
    .description(
      'write data sets of any layout, or a sample drawn from each class, as one in MVTec layout; same seed, same bytes',
    )
    .addOption(requiredOption('--out <dir>', 'folder to make; must be new or empty'))
    .option('--layout <name>', `layout to write: ${WRITTEN.join(', ')}`, oneOf(WRITTEN), WRITTEN[0])
    .option(
      '--from <name>',
      `layout to read: ${LAYOUTS.join(', ')}; default: found from the names`,
      oneOf(LAYOUTS),
    )
    .option('--train <n>', 'training images to draw from each class; default all', integer('--train', 1))
    .option(
      '--test <n>',
      'test images to draw from each class, half of them normal; default all',
      integer('--test', 2),
    )
    .option('--size <px>', 'side of the images; default: as they are', integer('--size', 8, 4096))
    .option('--grey', 'write images in grey')
    .addHelpText(
      'after',
      '\nExample:\n  wgad data convert elpv-dataset DeepPCB --out data/real --train 150 --test 100 --size 256 --grey',
    )
    .action((sets: string[], { layout: _, ...options }: ConvertFlags) =>
      run(async (context) => {
        await requireOutside('--out', options.out, sets);
        const progress = context.progress('converting');
        const made = await convertDatasets({
          ...options,
          sets,
          seed: context.seed,
          signal: context.signal,
          onProgress: (done, total) => progress.update(done, total),
          onOddity: warner(context),
        });
        progress.finish();
        const { root, classes, trainImages, testImages, notes } = made;
        const summary = `${root}: ${classes.length} classes, ${trainImages} training and ${testImages} test images`;
        context.result(made, [summary, ...notes].join('\n'));
        return EXIT.done;
      }),
    );
};

/** Layouts that can be written. */
const WRITTEN = ['mvtec'] as const satisfies readonly Layout[];

interface ConvertFlags {
  readonly out: string;
  readonly layout: (typeof WRITTEN)[number];
  readonly from?: Layout;
  readonly train?: number;
  readonly test?: number;
  readonly size?: number;
  readonly grey?: boolean;
}
