import type { LossPoint } from './messages.ts';

/** The points of a curve with later ones: steps that were done again after a resume take the place of the first. */
export function withLater(points: readonly LossPoint[], later: readonly LossPoint[]): LossPoint[] {
  const all = [...points];
  for (const point of later) {
    const from = all.findIndex(({ stage, step }) => stage === point.stage && step >= point.step);
    if (from >= 0) all.splice(from);
    all.push(point);
  }
  return all;
}

/** The points that a run's log holds. */
export function lossesIn(log: string): LossPoint[] {
  const points = log.split('\n').flatMap((line) => {
    if (line === '') return [];
    const { stage, step, loss } = JSON.parse(line) as Partial<LossPoint>;
    return stage && step !== undefined && loss !== undefined ? [{ stage, step, loss }] : [];
  });
  return withLater([], points);
}
