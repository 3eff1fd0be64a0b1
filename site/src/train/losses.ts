import type { LossPoint } from './messages.ts';

/** The points of a curve with later ones: steps that were done again after a resume take the place of the first. */
export function withLater(points: readonly LossPoint[], later: readonly LossPoint[]): LossPoint[] {
  const all = [...points];
  for (const point of later) {
    const last = all.at(-1);
    // Nearly all follow the point before: looking through all would take the square of their number.
    if (last?.stage !== point.stage || last.step >= point.step) {
      const from = all.findIndex(({ stage, step }) => stage === point.stage && step >= point.step);
      if (from >= 0) all.splice(from);
    }
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

/**
 * What a curve so many pixels wide shows of these points: of as many that follow one another as lie on two pixels, the lowest
 * and the highest.
 */
export function shownPoints<P extends Pick<LossPoint, 'loss'>>(
  points: readonly P[],
  width: number,
): readonly P[] {
  const run = 2 * Math.ceil(points.length / width);
  if (run <= 2) return points;
  const shown: P[] = [];
  for (let from = 0; from < points.length; from += run) {
    const some = points.slice(from, from + run);
    const losses = some.map(({ loss }) => loss);
    const least = losses.indexOf(Math.min(...losses));
    const most = losses.indexOf(Math.max(...losses));
    shown.push(some[Math.min(least, most)]!);
    if (least !== most) shown.push(some[Math.max(least, most)]!);
  }
  return shown;
}
