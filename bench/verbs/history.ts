import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readRecords } from '../../src/bench/recordFile.ts';
import { EXIT } from '../../src/cli/exitCodes.ts';
import { requiredOption } from '../../src/cli/settings.ts';
import type { AddVerb } from '../../src/cli/verb.ts';
import { writeFileAtomic } from '../../src/formats/atomicFile.ts';
import { latencyFigure } from '../figures/latency.ts';
import { rooflineFigure } from '../figures/roofline.ts';
import { addToHistory, readHistory } from '../history.ts';

const FOLDER = fileURLToPath(new URL('../history', import.meta.url));

interface EntryFlags {
  folder: string;
  revision: string;
  date: string;
  note: string;
  machine: string;
}

export const historyVerb: AddVerb = (program, run) => {
  const history = program
    .command('history')
    .description('what was measured of releases and notable changes, a line each, and its pictures');
  history
    .command('add')
    .argument('<name>', 'of the history, a file a machine')
    .argument('<records...>', 'files that a benchmark wrote with --out')
    .description(
      'append a line, in the order of dates, and draw the pictures; a revision that is there is replaced',
    )
    .addOption(requiredOption('--revision <name>', 'commit or release'))
    .addOption(requiredOption('--date <date>', 'of the change, as YYYY-MM-DD'))
    .addOption(requiredOption('--note <text>', 'what changed, in a few words'))
    .addOption(requiredOption('--machine <text>', 'adapter and cores; lines of one file share it'))
    .option('--folder <dir>', 'where histories lie', FOLDER)
    .action((name: string, files: string[], { folder, ...entry }: EntryFlags) =>
      run(async (context) => {
        const records = (await Promise.all(files.map(readRecords))).flat();
        const { revision, date, note, machine } = entry;
        await addToHistory(join(folder, `${name}.jsonl`), { date, revision, note, machine }, records);
        const drawn = await draw(folder, name);
        context.result({ drawn }, drawn.join('\n'));
        return EXIT.done;
      }),
    );
  history
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
