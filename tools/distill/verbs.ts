import { join, resolve } from 'node:path';
import { Option } from 'commander';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { integer } from '../../src/cli/numbers.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { ADAPTED, type AdaptedName } from '../../src/models/adapted.ts';
import type { PretrainedName } from '../../src/models/encoders/index.ts';
import { ENCODER_NAMES } from '../../src/models/encoders/index.ts';
import { weightsFor } from '../../src/weights/source.ts';
import { DISTILLATION_STEPS, distillEncoder } from './distill.ts';
import { PHOTOGRAPHS } from './photographs.ts';
import { fetchPhotographs, PACKAGES, readPhotographs } from './pictures.ts';

export const photographsVerb: AddVerb = (program, run) => {
  program
    .command('photographs <folder>')
    .description(`download ${PACKAGES.join(', ')} with apt-get and unpack them into a folder`)
    .addHelpText('after', '\nExample:\n  npm run distill -- photographs photographs')
    .action((folder: string) =>
      run(async (context) => {
        await fetchPhotographs(resolve(folder));
        context.result(
          { folder, photographs: PHOTOGRAPHS.length },
          `${folder}: ${PHOTOGRAPHS.length} photographs`,
        );
        return EXIT.done;
      }),
    );
};

interface Flags {
  readonly encoder: AdaptedName;
  readonly teacher: PretrainedName;
  readonly weights: string;
  readonly start?: string;
  readonly run: string;
  readonly resume?: boolean;
  readonly iterations: number;
  readonly out?: string;
}

export const encoderVerb: AddVerb = (program, run) => {
  program
    .command('encoder <photographs>')
    .description(
      "make the distilled encoder: train a small ResNet to give a large encoder's features of photographs",
    )
    .requiredOption('--weights <file>', "the teacher's weights")
    .addOption(
      new Option('--teacher <name>', 'whose features')
        .choices(ENCODER_NAMES)
        .default('tf_efficientnet_lite0'),
    )
    .addOption(
      new Option('--encoder <name>', 'which one to make')
        .choices(Object.keys(ADAPTED))
        .default('resnet18_w32_distilled'),
    )
    .option('--start <file>', 'its first weights, such as `npm run pretrain` makes (default: random)')
    .option('--run <folder>', 'folder of the checkpoints', 'runs/distill')
    .option('--resume', 'go on from the checkpoints there')
    .option('--iterations <n>', 'training steps', integer('--iterations', 1), DISTILLATION_STEPS)
    .option('--out <file>', 'safetensors file to write (default: weights/<encoder>.safetensors)')
    .addHelpText(
      'after',
      '\nExample:\n  npm run distill -- encoder photographs --weights efficientnet_lite0.pth --start pretrained.safetensors',
    )
    .action((photographs: string, flags: Flags) =>
      run(async (context) => {
        const out = flags.out ?? join('weights', `${flags.encoder}.safetensors`);
        const progress = context.progress('distillation');
        const loss = await distillEncoder({
          ...flags,
          student: ADAPTED[flags.encoder],
          weights: await weightsFor(flags.teacher, flags.weights),
          photographs: await readPhotographs(resolve(photographs)),
          out: resolve(out),
          gpu: context.gpu,
          signal: context.signal,
          onReport: ({ step, of, loss: latest }) => progress.update(step, of, `loss ${latest?.toFixed(3)}`),
        });
        progress.finish();
        context.result({ out, loss }, `${out}: loss ${loss.toFixed(3)}`);
        return EXIT.done;
      }),
    );
};
