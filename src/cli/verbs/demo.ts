import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { synthesize } from '../../data/index.ts';
import { CADA_DEFAULTS } from '../../methods/cada.ts';
import { formatTable, tableRows } from '../../report/table.ts';
import { writeReport } from '../../report/writeReport.ts';
import type { RunConfig } from '../../train/config.ts';
import { DEFAULT_ENCODER } from '../../train/embeddedEncoders.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import type { AddVerb } from '../program.ts';
import { VERSION } from '../version.ts';
import { testWith } from './test.ts';
import { trainWith } from './train.ts';

/** Sizes at which the whole job takes minutes on two CPU cores. */
const DEMO = {
  classes: 8,
  train: 40,
  test: 24,
  image: 160,
  size: 128,
  batch: 8,
  iterations: 600,
  alignIterations: 1500,
  /** Higher than the method's 2e-3: a schedule this short wins 0.03 AUROC by it. */
  lr: 5e-3,
};

export const demoVerb: AddVerb = (program, run) => {
  program
    .command('demo')
    .description('the main job end to end: make images, train, align, test, print the table')
    .option('--out <run>', 'folder of the run; replaced', 'runs/demo')
    .option('--iterations <n>', 'steps of the detector', integer('--iterations', 1), DEMO.iterations)
    .addHelpText('after', '\nExample:\n  wgad demo')
    .action((flags: { out: string; iterations: number }) =>
      run(async (context) => {
        const folder = resolve(flags.out);
        await rm(folder, { recursive: true, force: true });
        const data = join(folder, 'data');
        const drawing = context.progress('drawing');
        await synthesize({
          out: data,
          classes: DEMO.classes,
          train: DEMO.train,
          test: DEMO.test,
          size: DEMO.image,
          seed: context.seed,
          onProgress: (done, total) => drawing.update(done, total),
        });
        drawing.finish();
        const config: RunConfig = {
          version: VERSION,
          method: 'revdist',
          encoder: DEFAULT_ENCODER,
          weights: 'embedded',
          align: ['cada', 'class'],
          size: DEMO.size,
          batch: DEMO.batch,
          iterations: flags.iterations,
          alignIterations: DEMO.alignIterations,
          lr: DEMO.lr,
          seed: context.seed,
          data,
          smoothing: 'author',
          scoreFraction: CADA_DEFAULTS.scoreFraction,
          adapter: '',
        };
        if (!(await trainWith(context, folder, config, { resume: false }))) return EXIT.interrupted;
        const results = await testWith(context, folder);
        const report = await writeReport({ run: folder, gpu: context.gpu });
        context.result(
          { ...results, report },
          `adapter: ${results.adapter}\n${formatTable(tableRows(results))}\nreport: ${report}`,
        );
        return EXIT.done;
      }),
    );
};
