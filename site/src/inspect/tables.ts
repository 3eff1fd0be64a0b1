/** What the user takes home: the fields of `wgad predict`. */
import { csvLine } from '../../../src/formats/csvLine.ts';
import type { DetectorFacts, Judged } from './messages.ts';

export const verdictOf = (calibrated: number, threshold: number): 'anomalous' | 'normal' =>
  calibrated >= threshold ? 'anomalous' : 'normal';

const rowOf = ({ path, score, calibrated, u_hat, gamma_hat, u, unfamiliar }: Judged, threshold: number) => ({
  path,
  score,
  calibrated,
  verdict: verdictOf(calibrated, threshold),
  u_hat,
  gamma_hat,
  u,
  unfamiliar,
});

export function csvOf(judged: readonly Judged[], threshold: number): Blob {
  const rows = judged.map((each) => rowOf(each, threshold));
  const names = ['path', 'score', 'calibrated', 'verdict', 'u_hat', 'gamma_hat', 'u', 'unfamiliar'] as const;
  const lines = rows.map((row) =>
    csvLine(names.map((name) => (typeof row[name] === 'boolean' ? Number(row[name]) : row[name]))),
  );
  return new Blob([csvLine(names), ...lines], { type: 'text/csv' });
}

export function jsonOf(judged: readonly Judged[], threshold: number, detector: DetectorFacts): Blob {
  const { name, method, encoder, images, adapter } = detector;
  const all = {
    detector: { name, method, encoder, images },
    adapter,
    threshold,
    images: judged.map((each) => rowOf(each, threshold)),
  };
  return new Blob([`${JSON.stringify(all, null, 2)}\n`], { type: 'application/json' });
}
