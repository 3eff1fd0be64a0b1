import { join } from 'node:path';
import { removeStaleTemps, writeFileAtomic } from '../formats/atomicFile.ts';
import { makeFolder, requireWritable } from '../formats/regularFile.ts';
import { type ScoreLevels, writeMapFigure, writeScoreFigure } from '../report/paperFigures.ts';
import type { GpuRequest } from '../runtime/session.ts';
import { planCells, type Settings } from './cells.ts';
import { runCells, type Workers } from './run.ts';
import type { FoundSets } from './sets.ts';
import { type Entry, TABLES } from './tables.ts';

export const FIGURE_NAMES = ['figure5', 'figure6'] as const;
export type FigureName = (typeof FIGURE_NAMES)[number];

const TITLES: Readonly<Record<FigureName, string>> = {
  figure5: 'Figure 5: image scores by class, RevDist and RevDist + CADA on MVTec AD',
  figure6: 'Figure 6: maps of RevDist and RevDist + CADA on MVTec AD',
};

const SCALE_NOTE =
  "Colours have one scale per row for the whole data set: blue is the average over test images of the map's mean, red the average of its maximum.";

/** The run that both figures show; it is one of Table 1's. */
export const FIGURE_ENTRY: Entry = TABLES.table1.entries.find(
  ({ method, alignment, protocol }) =>
    method === 'revdist' && alignment === 'cada' && protocol === 'absolute-unified',
)!;

export interface FigureRequest {
  readonly name: FigureName;
  readonly sets: FoundSets;
  readonly synthetic: boolean;
  /** The first of its seeds is shown. */
  readonly settings: Settings;
  readonly out: string;
  readonly gpu?: GpuRequest;
}

/** What `<out>/<name>.json` holds. */
export interface FigureOutcome {
  readonly figure: FigureName;
  readonly title: string;
  readonly version: string;
  readonly adapter: string;
  readonly synthetic: boolean;
  readonly settings: Settings;
  /** Figure 5: a panel each. */
  readonly panels?: readonly ScoreLevels[];
  /** Figure 6: the images shown, relative to the data set. */
  readonly images?: readonly string[];
}

/**
 * Draws one figure of the paper: does what is missing, then writes `<out>/<name>.html` and `<out>/<name>.json`.
 * @returns null where an interrupt stopped it; the same call goes on.
 */
export async function reproduceFigure(
  request: FigureRequest,
  workers: Workers,
): Promise<{ outcome: FigureOutcome; files: string[] } | null> {
  const { name, sets, synthetic, out, gpu } = request;
  const settings = { ...request.settings, seeds: request.settings.seeds.slice(0, 1) };
  const plan = planCells([FIGURE_ENTRY], sets, settings, out);
  await makeFolder(out);
  await removeStaleTemps(out);
  const path = join(out, `${name}.html`);
  const files = [path, join(out, `${name}.json`)];
  for (const each of files) await requireWritable(each);
  const done = await runCells(plan, workers);
  if (!done) return null;
  const [cell, results] = [...done][0]!;
  const { encoder, size, iterations, alignIterations, seed } = cell.job.config;
  const stand = synthetic ? "Synthetic images stand in for the paper's data. " : '';
  const run = `${stand}Encoder ${encoder}, ${size} px, ${iterations} + ${alignIterations} steps, seed ${seed}; ${results.adapter}.`;
  const page = { run: cell.folder, path, title: TITLES[name], gpu };
  const shown =
    name === 'figure5'
      ? { panels: await writeScoreFigure({ ...page, notes: [run] }) }
      : { images: await writeMapFigure({ ...page, notes: [run, SCALE_NOTE] }) };
  const outcome: FigureOutcome = {
    figure: name,
    title: TITLES[name],
    version: settings.version,
    adapter: results.adapter,
    synthetic,
    settings,
    ...shown,
  };
  await writeFileAtomic(files[1]!, `${JSON.stringify(outcome, null, 2)}\n`);
  return { outcome, files };
}
