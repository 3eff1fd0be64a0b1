import type { AlignmentRecord } from './alignment.ts';
import { regressor } from './regressor.ts';

/** CADA with mean and maximum. */
export const cada: AlignmentRecord<'regressor'> = {
  summary: 'mean and maximum that a head predicts for this image',
  unit: 'predicted maximum of a normal map',
  head: regressor('regressor', 'gamma'),
  statistics: ({ predicted }) => predicted(),
};
