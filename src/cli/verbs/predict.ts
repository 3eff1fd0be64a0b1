import { basename } from 'node:path';
import { listImages, loadImage } from '../../data/index.ts';
import { WgadError } from '../../errors.ts';
import { readRunConfig } from '../../train/runFolder.ts';
import { openScorer } from '../../train/scorer.ts';
import { EXIT } from '../exitCodes.ts';
import { real } from '../numbers.ts';
import type { AddVerb } from '../program.ts';

export const predictVerb: AddVerb = (program, run) => {
  program
    .command('predict <run> <path...>')
    .description(
      'one JSON line per image: score, calibrated score, verdict; a bad image is a line with its error',
    )
    .option(
      '--threshold <x>',
      'calibrated scores at or above it are anomalous',
      real('--threshold', Number.NEGATIVE_INFINITY),
    )
    .addHelpText('after', '\nExample:\n  wgad predict runs/first photos/ --threshold 0.9')
    .action((folder: string, paths: string[], flags: { threshold?: number }) =>
      run(async (context) => {
        const config = await readRunConfig(folder);
        const images = await listImages(paths);
        const aligned = config.align.includes('cada') ? 'cada' : 'none';
        const scorer = await openScorer(folder, config, {
          adapter: context.gpu,
          alignments: [...new Set(['none', aligned] as const)],
        });
        const progress = context.progress('predicting');
        let skipped = 0;
        for (const [i, path] of images.entries()) {
          context.signal.throwIfAborted();
          const started = performance.now();
          const row = await loadImage(path, config.size)
            .then(async (image) => {
              const [scored] = await scorer.score(image, [0]);
              const calibrated = scored!.scores.get(aligned)!;
              const verdict =
                flags.threshold === undefined ? null : calibrated >= flags.threshold ? 'anomalous' : 'normal';
              return {
                path,
                score: scored!.scores.get('none'),
                calibrated,
                verdict,
                ms: performance.now() - started,
              };
            })
            .catch((error: unknown) => {
              if (!(error instanceof WgadError) || error.code !== 'E_IMAGE') throw error;
              skipped += 1;
              context.say(`skipped ${basename(path)}: ${error.message}`);
              return { path, error: { code: error.code, message: error.message } };
            });
          process.stdout.write(`${JSON.stringify(row)}\n`);
          progress.update(i + 1, images.length);
        }
        progress.finish();
        scorer.close();
        return skipped > 0 ? EXIT.skipped : EXIT.done;
      }),
    );
};
