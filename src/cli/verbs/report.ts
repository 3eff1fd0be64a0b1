import { writeReport } from '../../report/writeReport.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../verb.ts';
import { warner } from '../warnings.ts';

export const reportVerb: AddVerb = (program, run) => {
  program
    .command('report <run>')
    .description(
      'write report.html of a tested run: tables, score distributions, curves, maps; one file, no network',
    )
    .option('--data <dir>', 'another place of the data set that was tested on')
    .addHelpText('after', '\nExample:\n  wgad report runs/first')
    .action((folder: string, flags: { data?: string }) =>
      run(async (context) => {
        // There is nothing to save.
        context.endAtSignal();
        const path = await writeReport({
          run: folder,
          data: flags.data,
          gpu: context.gpu,
          onNote: warner(context),
        });
        context.result({ report: path }, path);
        return EXIT.done;
      }),
    );
};
