import { resolve } from 'node:path';
import { pretrainEncoder } from '../../train/pretrain.js';
import { EXIT } from '../exitCodes.js';
import { integer } from '../numbers.js';
export const pretrainVerb = (program, run) => {
    program
        .command('pretrain')
        .description('make the embedded encoder: train a small ResNet to tell procedural textures apart')
        .option('--out <file>', 'safetensors file to write', 'weights/encoder.safetensors')
        .option('--iterations <n>', 'training steps', integer('--iterations', 1), 900)
        .addHelpText('after', '\nExample:\n  wgad pretrain --out weights/encoder.safetensors')
        .action((flags) => run(async (context) => {
        const progress = context.progress('pretraining');
        const accuracy = await pretrainEncoder({
            out: resolve(flags.out),
            iterations: flags.iterations,
            adapter: context.gpu,
            onReport: ({ step, of, loss }) => progress.update(step, of, `loss ${loss?.toFixed(3)}`),
        });
        progress.finish();
        context.result({ out: flags.out, accuracy }, `${flags.out}: tells ${(100 * accuracy).toFixed(1)} % of held-out textures apart`);
        return EXIT.done;
    }));
};
//# sourceMappingURL=pretrain.js.map