import { basename } from 'node:path';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { requireWritable } from '../formats/regularFile.ts';
import { UNALIGNED } from '../methods/alignments/index.ts';
import { datasetOfRun } from '../run/dataset.ts';
import { readFinishedRun } from '../run/finished.ts';
import { runFiles } from '../run/folder.ts';
import type { GpuRequest } from '../runtime/session.ts';
import { openScorer } from '../score/scorer.ts';
import { firstAligned, readResults } from '../score/testRun.ts';
import { readThreshold } from '../score/thresholdRun.ts';
import { galleryItems, gridRows, gridTitle } from './examples.ts';
import { galleryFigure } from './gallery.ts';
import type { Markup } from './markup.ts';
import { page } from './page.ts';
import { readScoreRows, type ScoreRow } from './scoreRows.ts';

/** Images in each list of worst cases. */
const WORST = 6;

export interface ReportOptions {
  readonly run: string;
  /** Another data set than the one tested on; its image paths must be those of scores.csv. */
  readonly data?: string;
  readonly gpu?: GpuRequest;
  /** Called with each problem of the data set. */
  readonly onNote?: (text: string) => void;
}

/** Writes `report.html` of a tested run; one file that needs nothing else. @returns its path. */
export async function writeReport({ run, data, gpu, onNote }: ReportOptions): Promise<string> {
  const files = runFiles(run);
  await readFinishedRun(run);
  const results = await readResults(run);
  const rows = await readScoreRows(files.scores);
  const dataset = await datasetOfRun(results.config, { data, onNote });
  const threshold = await readThreshold(run);
  const aligned = firstAligned(results.config.align);
  const shown = [...new Set([UNALIGNED, aligned])];
  await requireWritable(files.report);
  const scorer = await openScorer(run, results.config, { gpu, alignments: shown });
  try {
    const scales = Object.fromEntries(
      shown.map((name) => [name, results.mapScale?.[name] ?? { low: 0, high: 1 }]),
    );
    const galleries: Markup[] = [];
    for (const { title, rows: picked } of picks(rows)) {
      const items = await galleryItems(scorer, results, dataset, picked);
      if (items.length > 0) galleries.push(await galleryFigure(title, items, scales));
    }
    const title = `wgad report: ${basename(run)}`;
    await writeFileAtomic(files.report, page({ title, results, rows, aligned, threshold, galleries }));
    return files.report;
  } finally {
    scorer.close();
  }
}

/** The examples of the grid, then what one threshold for all gets most wrong. */
function picks(rows: readonly ScoreRow[]): { title: string; rows: ScoreRow[] }[] {
  const byScore = [...rows].sort((a, b) => a.calibrated - b.calibrated);
  return [
    {
      title: gridTitle(rows),
      rows: gridRows(rows),
    },
    {
      title: 'Worst false alarms: normal images with the highest scores',
      rows: byScore
        .filter((row) => !row.anomalous)
        .slice(-WORST)
        .reverse(),
    },
    {
      title: 'Worst misses: anomalous images with the lowest scores',
      rows: byScore.filter((row) => row.anomalous).slice(0, WORST),
    },
  ];
}
