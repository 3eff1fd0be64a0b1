import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { integer } from '../../src/cli/numbers.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { PRETRAINING_STEPS, pretrainEncoder, type ScenesEncoder } from './pretrain.ts';

const STEPS = Object.entries(PRETRAINING_STEPS)
  .map(([name, steps]) => `${steps} for ${name}`)
  .join(', ');

export const pretrainVerb: AddVerb = (program, run) => {
  program
    .command('pretrain')
    .description('make an embedded encoder: train a small ResNet to find what does not belong to a scene')
    .addOption(
      new Option('--encoder <name>', 'which one')
        .choices(Object.keys(PRETRAINING_STEPS))
        .default('resnet18_w32'),
    )
    .option('--out <file>', 'safetensors file to write (default: weights/<encoder>.safetensors)')
    .option('--iterations <n>', `training steps (default: ${STEPS})`, integer('--iterations', 1))
    .addHelpText('after', '\nExample:\n  npm run pretrain -- --encoder resnet18_w16')
    .action((flags: { encoder: ScenesEncoder; out?: string; iterations?: number }) =>
      run(async (context) => {
        const out = flags.out ?? join('weights', `${flags.encoder}.safetensors`);
        const progress = context.progress('pretraining');
        const ranking = await pretrainEncoder({
          encoder: flags.encoder,
          out: resolve(out),
          iterations: flags.iterations ?? PRETRAINING_STEPS[flags.encoder],
          gpu: context.gpu,
          signal: context.signal,
          onReport: ({ step, of, loss }) => progress.update(step, of, `loss ${loss?.toFixed(3)}`),
        });
        progress.finish();
        context.result(
          { out, auroc: ranking },
          `${out}: ranks the places of held-out scenes with AUROC ${ranking.map((value) => value.toFixed(3)).join(', ')}`,
        );
        return EXIT.done;
      }),
    );
};
