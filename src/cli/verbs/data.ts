import { checkDataset, formatReport, type Layout, synthesize } from '../../data/index.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import { settingFlag } from '../settingFlags.ts';
import { requiredOption } from '../settings.ts';
import type { AddVerb } from '../verb.ts';

export const dataVerb: AddVerb = (program, run) => {
  const data = program
    .command('data')
    .description('make or check a data set')
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
            defects: options.defects?.split(','),
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
    .description(
      'layout found, counts (of MVTec AD, VisA and BTAD those that differ from the published ones), sizes, and what is wrong',
    )
    .addOption(settingFlag('layout'))
    .option('--all', 'a line for each problem and warning, not for each kind of them')
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
};
