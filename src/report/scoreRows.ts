import { FileError } from '../errors.ts';
import { parseCsv } from '../formats/csv.ts';
import { readText } from '../formats/regularFile.ts';

/** One test image as `scores.csv` has it. */
export interface ScoreRow {
  readonly path: string;
  readonly className: string;
  readonly anomalous: boolean;
  /** Uncalibrated score. */
  readonly raw: number;
  /** Score after the run's first alignment; equals `raw` without one. */
  readonly calibrated: number;
  /** Whether it is unlike all that the run was trained on; null where the run cannot tell. */
  readonly unfamiliar: boolean | null;
}

const COLUMNS = ['path', 'class', 'label', 'score', 'calibrated', 'unfamiliar'] as const;

/** @throws FileError where the file is missing or lacks a column. */
export async function readScoreRows(path: string): Promise<ScoreRow[]> {
  const text = await readText(path, 'run `wgad test` on this run first');
  const [header = [], ...rows] = parseCsv(text).rows.map(({ cells }) => cells);
  const at = Object.fromEntries(COLUMNS.map((name) => [name, header.indexOf(name)]));
  const missing = COLUMNS.filter((name) => at[name] === -1);
  if (missing.length > 0) {
    throw new FileError(`${path}: has no column ${missing.join(', ')}`, {
      fix: 'run `wgad test` on this run again',
    });
  }
  return rows.map((row) => {
    const cell = (name: (typeof COLUMNS)[number]): string => row[at[name]!]!;
    return {
      path: cell('path'),
      className: cell('class'),
      anomalous: cell('label') === '1',
      raw: Number(cell('score')),
      calibrated: Number(cell('calibrated')),
      unfamiliar: cell('unfamiliar') === '' ? null : cell('unfamiliar') === '1',
    };
  });
}
