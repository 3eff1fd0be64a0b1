import { FileError, gotText } from '../errors.ts';
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
  /** Whether it is unlike everything the run was trained on; null if the run cannot tell. */
  readonly unfamiliar: boolean | null;
}

const COLUMNS = ['path', 'class', 'label', 'score', 'calibrated', 'unfamiliar'] as const;

/** @throws FileError where the file is missing, lacks a column or is not as it was written. */
export async function readScoreRows(path: string): Promise<ScoreRow[]> {
  const text = await readText(path, 'run `wgad test` on this run first');
  const wrong = (what: string): FileError =>
    new FileError(`${path}: ${what}`, { where: path, fix: 'run `wgad test` on this run again' });
  const { rows, faults } = parseCsv(text);
  const [fault] = faults;
  if (fault) throw wrong(`line ${fault.line}: ${fault.message}`);
  const header = rows[0]?.cells ?? [];
  const at = Object.fromEntries(COLUMNS.map((name) => [name, header.indexOf(name)]));
  const missing = COLUMNS.filter((name) => at[name] === -1);
  if (missing.length > 0) {
    throw wrong(`has no column ${missing.join(', ')}`);
  }
  return rows.slice(1).map(({ line, cells }) => {
    if (cells.length !== header.length) {
      throw wrong(`line ${line} has ${cells.length} cells, expected ${header.length}`);
    }
    const cell = (name: (typeof COLUMNS)[number]): string => cells[at[name]!]!;
    const number = (name: (typeof COLUMNS)[number]): number => {
      const value = cell(name).trim() === '' ? Number.NaN : Number(cell(name));
      if (Number.isFinite(value)) return value;
      throw wrong(`line ${line}: ${name} expects a number, got ${gotText(cell(name))}`);
    };
    return {
      path: cell('path'),
      className: cell('class'),
      anomalous: cell('label') === '1',
      raw: number('score'),
      calibrated: number('calibrated'),
      unfamiliar: cell('unfamiliar') === '' ? null : cell('unfamiliar') === '1',
    };
  });
}
