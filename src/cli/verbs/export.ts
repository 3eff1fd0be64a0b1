import { stat } from 'node:fs/promises';
import { ConfigError } from '../../errors.ts';
import { exportWeb } from '../../score/exportWeb.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../verb.ts';

interface ExportFlags {
  web?: string;
  half?: boolean;
}

export const exportVerb: AddVerb = (program, run) => {
  program
    .command('export <run>')
    .description('write a finished run for other programs')
    .option(
      '--web <file>',
      'one safetensors file with weights, configuration and threshold, which the Inspect page of `wgad site` opens',
    )
    .option('--half', 'with --web: weights as f16, half the size; scores differ in the fourth digit or so')
    .addHelpText('after', '\nExample:\n  wgad export runs/first --web first.wgad')
    .action((folder: string, flags: ExportFlags) =>
      run(async (context) => {
        const { web, half } = flags;
        if (web === undefined) {
          throw new ConfigError('export expects --web: nothing says what to write', {
            fix: 'add --web with the file to write',
          });
        }
        const { threshold, tested } = await exportWeb(folder, web, half ? 'F16' : 'F32');
        if (threshold === null) {
          context.say(
            'the run has no threshold: pages ask for one; `wgad threshold` finds it, then export again',
          );
        }
        if (!tested)
          context.say('the run was not tested: colours of maps span 0 to 1; `wgad test` measures them');
        const { size } = await stat(web);
        context.result(
          { web, bytes: size, threshold: threshold?.value ?? null },
          `${web}: ${(size / 1e6).toFixed(1)} MB`,
        );
        return EXIT.done;
      }),
    );
};
