import { resolve } from 'node:path';
import { pretrainEncoder } from '../../train/pretrain.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import type { AddVerb } from '../program.ts';

export const pretrainVerb: AddVerb = (program, run) => {
  program
    .command('pretrain')
    .description('make the embedded encoder: train a small ResNet to find what does not belong to a scene')
    .option('--out <file>', 'safetensors file to write', 'weights/encoder.safetensors')
    .option('--iterations <n>', 'training steps', integer('--iterations', 1), 1000)
    .addHelpText('after', '\nExample:\n  wgad pretrain --out weights/encoder.safetensors')
    .action((flags: { out: string; iterations: number }) =>
      run(async (context) => {
        const progress = context.progress('pretraining');
        const ranking = await pretrainEncoder({
          out: resolve(flags.out),
          iterations: flags.iterations,
          gpu: context.gpu,
          signal: context.signal,
          onReport: ({ step, of, loss }) => progress.update(step, of, `loss ${loss?.toFixed(3)}`),
        });
        progress.finish();
        context.result(
          { out: flags.out, auroc: ranking },
          `${flags.out}: ranks the places of held-out scenes with AUROC ${ranking.map((value) => value.toFixed(3)).join(', ')}`,
        );
        return EXIT.done;
      }),
    );
};
