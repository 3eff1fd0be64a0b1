import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { synthesize } from '../../data/index.ts';
import { REVDIST_DEFAULTS } from '../../methods/revdist.ts';
import { DEFAULT_ENCODER, EMBEDDED_ENCODERS, type EmbeddedEncoder } from '../../models/embedded.ts';
import { formatTable, tableRows } from '../../report/table.ts';
import { writeReport } from '../../report/writeReport.ts';
import { checkConfig, newConfig } from '../../run/config.ts';
import { VERSION } from '../../version.ts';
import { clearDemoFolder, DEMO_DATA } from '../demoFolder.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import { settingFlag } from '../settingFlags.ts';
import type { AddVerb } from '../verb.ts';
import { testWith } from './test.ts';
import { trainWith } from './train.ts';

/** Sizes at which the whole job takes minutes on two CPU cores. */
const DEMO = {
  classes: 8,
  train: 160,
  test: 24,
  image: 160,
  ...REVDIST_DEFAULTS.quick,
};

interface DemoFlags {
  out: string;
  encoder: EmbeddedEncoder;
  train: number;
  test: number;
  size: number;
  batch: number;
  iterations: number;
  alignIterations: number;
}

export const demoVerb: AddVerb = (program, run) => {
  program
    .command('demo')
    .description('the main job end to end: make images, train, align, test, print the table')
    .option('--out <run>', 'folder of the run; that of an earlier demo is replaced', 'runs/demo')
    .addOption(
      new Option('--encoder <name>', 'one that ships with the package')
        .choices(EMBEDDED_ENCODERS)
        .default(DEFAULT_ENCODER),
    )
    .option('--train <n>', 'normal training images per class', integer('--train', 1), DEMO.train)
    .option('--test <n>', 'test images per class, half of them defective', integer('--test', 2), DEMO.test)
    .addOption(
      settingFlag('size', { says: 'side of the images that the detector sees', end: '' }).default(DEMO.size),
    )
    .addOption(settingFlag('batch', { end: '' }).default(DEMO.batch))
    .addOption(settingFlag('iterations', { end: '' }).default(DEMO.iterations))
    .addOption(settingFlag('alignIterations', { end: '' }).default(DEMO.alignIterations))
    .addHelpText('after', '\nExample:\n  wgad demo\n  wgad demo --encoder resnet18_w16 --iterations 300')
    .action((flags: DemoFlags) =>
      run(async (context) => {
        const folder = resolve(flags.out);
        const data = join(folder, DEMO_DATA);
        const config = newConfig({
          version: VERSION,
          encoder: flags.encoder,
          align: ['cada', 'class'],
          size: flags.size,
          batch: flags.batch,
          iterations: flags.iterations,
          alignIterations: flags.alignIterations,
          lr: DEMO.lr,
          alignLr: DEMO.alignLr,
          seed: context.seed,
          data,
          adapter: '',
        });
        checkConfig(config);
        await clearDemoFolder(folder);
        const drawing = context.progress('drawing');
        await synthesize({
          out: data,
          classes: DEMO.classes,
          train: flags.train,
          test: flags.test,
          size: DEMO.image,
          seed: context.seed,
          signal: context.signal,
          onProgress: (done, total) => drawing.update(done, total),
        });
        drawing.finish();
        if (!(await trainWith(context, folder, config, { resume: false, goOn: 'anew' })))
          return EXIT.interrupted;
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
