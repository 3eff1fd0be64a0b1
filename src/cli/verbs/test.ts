import { formatTable } from '../../report/table.ts';
import { type Results, testRun } from '../../train/testRun.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import type { AddVerb } from '../program.ts';

export const testVerb: AddVerb = (program, run) => {
  program
    .command('test <run>')
    .description('score the test images under every alignment; write results.json and scores.csv')
    .option('--data <dir>', 'another data set than the one trained on')
    .addHelpText('after', '\nExample:\n  wgad test runs/first')
    .action((folder: string, flags: { data?: string }) =>
      run(async (context) => {
        const results = await testWith(context, folder, flags.data);
        context.result(results, formatTable(results));
        return EXIT.done;
      }),
    );
};

export async function testWith(context: Context, run: string, data?: string): Promise<Results> {
  const progress = context.progress('testing');
  const results = await testRun({
    run,
    data,
    adapter: context.gpu,
    signal: context.signal,
    onProgress: (done, of) => progress.update(done, of),
  });
  progress.finish();
  return results;
}
