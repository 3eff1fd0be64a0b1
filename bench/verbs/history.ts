import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readHistory } from '../../src/bench/history.ts';
import { EXIT } from '../../src/cli/exitCodes.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { writeFileAtomic } from '../../src/formats/atomicFile.ts';
import { latencyFigure } from '../figures/latency.ts';
import { rooflineFigure } from '../figures/roofline.ts';

const FOLDER = fileURLToPath(new URL('../history', import.meta.url));

export const historyVerb: AddVerb = (program, run) => {
  program
    .command('history')
    .description('the pictures of the histories that wgad bench history keeps')
    .command('draw')
    .description('draw the pictures of all histories anew')
    .option('--folder <dir>', 'where histories lie', FOLDER)
    .action(({ folder }: { folder: string }) =>
      run(async (context) => {
        const drawn: string[] = [];
        for (const file of await readdir(folder)) {
          if (file.endsWith('.jsonl')) drawn.push(...(await draw(folder, file.replace('.jsonl', ''))));
        }
        context.result({ drawn }, drawn.join('\n'));
        return EXIT.done;
      }),
    );
};

/** @returns the files. */
async function draw(folder: string, name: string): Promise<string[]> {
  const entries = await readHistory(join(folder, `${name}.jsonl`));
  const pictures = { latency: latencyFigure(entries), roofline: rooflineFigure(entries) };
  const drawn: string[] = [];
  for (const [picture, svg] of Object.entries(pictures)) {
    const path = join(folder, `${name}.${picture}.svg`);
    if (svg === undefined) await rm(path, { force: true });
    else {
      await writeFileAtomic(path, svg);
      drawn.push(path);
    }
  }
  return drawn;
}
