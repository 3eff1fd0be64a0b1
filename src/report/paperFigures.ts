/** Figures 5 and 6 of the CADA paper as pages by themselves; report.html shows them among other things. */
import { writeFileAtomic } from '../formats/atomicFile.ts';
import { UNALIGNED } from '../methods/alignments/index.ts';
import { f1Max } from '../metrics/index.ts';
import { datasetOfRun } from '../run/dataset.ts';
import { runFiles } from '../run/folder.ts';
import type { GpuRequest } from '../runtime/session.ts';
import { openScorer } from '../score/scorer.ts';
import { firstAligned, readResults } from '../score/testRun.ts';
import { distributionFigure, distributionPanels } from './distributionFigure.ts';
import { galleryItems, gridRows, gridTitle } from './examples.ts';
import { galleryFigure } from './gallery.ts';
import { html } from './markup.ts';
import { distributionKey, shell } from './page.ts';
import { readScoreRows, type ScoreRow } from './scoreRows.ts';

export interface FigureRequest {
  /** A tested run. */
  readonly run: string;
  /** The page to write. */
  readonly path: string;
  readonly title: string;
  /** Paragraphs above the figure. */
  readonly notes: readonly string[];
  readonly gpu?: GpuRequest;
}

/** What Figure 5 shows, in numbers; scores of each panel have their own scale. */
export interface ScoreLevels {
  readonly alignment: string;
  /** Highest F1 of the pooled scores. */
  readonly bestF1: number | null;
  readonly threshold: number | null;
  /** Mean score of each class's test images, and of all. */
  readonly levels: Readonly<Record<string, { normal: number | null; anomalous: number | null }>>;
}

/** Figure 5: image scores by class, without alignment and with the run's first. */
export async function writeScoreFigure({ run, path, title, notes }: FigureRequest): Promise<ScoreLevels[]> {
  const { config } = await readResults(run);
  const rows = await readScoreRows(runFiles(run).scores);
  const panels = distributionPanels(firstAligned(config.align));
  const figures = panels.map((panel) => distributionFigure({ ...panel, rows }));
  const body = html`${lead(notes)}${distributionKey()}<div class="pair">${figures}</div>`;
  await writeFileAtomic(path, shell(title, body));
  return panels.map(({ name, scoreOf }) => levelsOf(name, rows, scoreOf));
}

function levelsOf(
  alignment: string,
  rows: readonly ScoreRow[],
  scoreOf: (row: ScoreRow) => number,
): ScoreLevels {
  const mean = (own: readonly ScoreRow[]): number | null =>
    own.length === 0 ? null : own.reduce((sum, row) => sum + scoreOf(row), 0) / own.length;
  const level = (own: readonly ScoreRow[]) => ({
    normal: mean(own.filter((row) => !row.anomalous)),
    anomalous: mean(own.filter((row) => row.anomalous)),
  });
  const best = f1Max(
    rows.map(scoreOf),
    rows.map((row) => row.anomalous),
  );
  const classes = [...new Set(rows.map((row) => row.className))];
  return {
    alignment,
    bestF1: best.value,
    threshold: best.value === null ? null : best.threshold,
    levels: {
      ...Object.fromEntries(
        classes.map((name) => [name, level(rows.filter((row) => row.className === name))]),
      ),
      all: level(rows),
    },
  };
}

/** Figure 6: an anomalous and a normal image of each class with their maps. @returns the images' ids. */
export async function writeMapFigure({ run, path, title, notes, gpu }: FigureRequest): Promise<string[]> {
  const results = await readResults(run);
  const all = await readScoreRows(runFiles(run).scores);
  const rows = gridRows(all);
  const shown = [...new Set([UNALIGNED, firstAligned(results.config.align)])];
  const dataset = await datasetOfRun(results.config);
  const scorer = await openScorer(run, results.config, { gpu, alignments: shown });
  try {
    const items = await galleryItems(scorer, results, dataset, rows);
    const scales = Object.fromEntries(shown.map((name) => [name, results.mapScale[name]!]));
    const figure = await galleryFigure(gridTitle(all), items, scales);
    await writeFileAtomic(path, shell(title, html`${lead(notes)}${figure}`));
    return items.map((item) => item.path);
  } finally {
    scorer.close();
  }
}

const lead = (notes: readonly string[]) => notes.map((note) => html`<p class="lead">${note}</p>`);
