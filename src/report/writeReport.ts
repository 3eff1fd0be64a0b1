import { basename } from 'node:path';
import { loadImage, loadMask, loadPixels, type Sample } from '../data/index.ts';
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { datasetOf } from '../train/runDataset.ts';
import { runFiles } from '../train/runFolder.ts';
import { openScorer, type Scorer } from '../train/scorer.ts';
import type { GpuRequest } from '../train/session.ts';
import { firstAligned, type Results, readResults } from '../train/testRun.ts';
import { readThreshold } from '../train/thresholdRun.ts';
import { type GalleryItem, galleryFigure } from './gallery.ts';
import type { Markup } from './markup.ts';
import { page } from './page.ts';
import { readScoreRows, type ScoreRow } from './scoreRows.ts';

/** Images in the grid, and in each list of worst cases. */
const GRID_CLASSES = 8;
const WORST = 6;

export interface ReportOptions {
  readonly run: string;
  /** Another data set than the one tested on; its image paths must be those of scores.csv. */
  readonly data?: string;
  readonly gpu?: GpuRequest;
}

/** Writes `report.html` of a tested run; one file that needs nothing else. @returns its path. */
export async function writeReport({ run, data, gpu }: ReportOptions): Promise<string> {
  const files = runFiles(run);
  const results = await readResults(run);
  const rows = await readScoreRows(files.scores);
  const dataset = await datasetOf(results.config, data);
  const threshold = await readThreshold(run);
  const samples = new Map(dataset.test.map((sample) => [sample.id, sample]));
  const aligned = firstAligned(results.config.align);
  const shown = [...new Set(['none', aligned] as const)];
  const scorer = await openScorer(run, results.config, { gpu, alignments: shown });
  try {
    const scales = Object.fromEntries(shown.map((name) => [name, results.mapScale[name]!]));
    const galleries: Markup[] = [];
    for (const { title, rows: picked } of picks(rows)) {
      const items = await galleryItems(
        scorer,
        results,
        picked.flatMap((row) => {
          const sample = samples.get(row.path);
          return sample ? [{ sample, score: row.calibrated }] : [];
        }),
      );
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
  const classes = [...new Set(rows.map((row) => row.className))].slice(0, GRID_CLASSES);
  const example = (className: string, anomalous: boolean): ScoreRow[] => {
    const own = rows.filter((row) => row.className === className && row.anomalous === anomalous);
    return own.slice(own.length >> 1).slice(0, 1);
  };
  const byScore = [...rows].sort((a, b) => a.calibrated - b.calibrated);
  return [
    {
      title: 'An anomalous and a normal image of each class',
      rows: classes.flatMap((name) => [...example(name, true), ...example(name, false)]),
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

async function galleryItems(
  scorer: Scorer,
  { config }: Results,
  picked: readonly { sample: Sample; score: number }[],
): Promise<GalleryItem[]> {
  const { size, batch } = config;
  const items: GalleryItem[] = [];
  for (let first = 0; first < picked.length; first += batch) {
    const some = picked.slice(first, first + batch);
    const images = new Float32Array(some.length * 3 * size * size);
    for (const [i, { sample }] of some.entries())
      images.set(await loadImage(sample.path, size), i * 3 * size * size);
    const scored = await scorer.score(
      images,
      some.map(({ sample }) => scorer.classes.indexOf(sample.className)),
    );
    for (const [i, { sample, score }] of some.entries()) {
      items.push({
        caption: `${sample.className}, ${sample.defect}: ${score.toPrecision(3)}`,
        path: sample.id,
        anomalous: sample.anomalous,
        size,
        pixels: await loadPixels(sample.path, size),
        mask: sample.maskPath ? await loadMask(sample.maskPath, size, 'any', sample.path) : null,
        maps: scored[i]!.maps,
      });
    }
  }
  return items;
}
