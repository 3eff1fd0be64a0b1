import { resolve } from 'node:path';
import { pretrainEncoder } from '../../train/pretrain.ts';
import { EXIT } from '../exitCodes.ts';
import { integer } from '../numbers.ts';
import type { AddVerb } from '../program.ts';

export const pretrainVerb: AddVerb = (program, run) => {
  program
    .command('pretrain')
    .description('make the embedded encoder: train a small ResNet to tell procedural textures apart')
    .option('--out <file>', 'safetensors file to write', 'weights/encoder.safetensors')
    .option('--iterations <n>', 'training steps', integer('--iterations', 1), 900)
    .addHelpText('after', '\nExample:\n  wgad pretrain --out weights/encoder.safetensors')
    .action((flags: { out: string; iterations: number }) =>
      run(async (context) => {
        const progress = context.progress('pretraining');
        const accuracy = await pretrainEncoder({
          out: resolve(flags.out),
          iterations: flags.iterations,
          gpu: context.gpu,
          onReport: ({ step, of, loss }) => progress.update(step, of, `loss ${loss?.toFixed(3)}`),
        });
        progress.finish();
        context.result(
          { out: flags.out, accuracy },
          `${flags.out}: tells ${(100 * accuracy).toFixed(1)} % of held-out textures apart`,
        );
        return EXIT.done;
      }),
    );
};
