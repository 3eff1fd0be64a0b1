import type { AlignmentRecord } from './alignment.ts';

/** Scores as the detector gives them. */
export const none: AlignmentRecord = {
  summary: 'not calibrated',
  unit: null,
  statistics: () => null,
};
