import type { AlignmentRecord } from './alignment.ts';
import { regressor } from './regressor.ts';

/** CADA with mean and standard deviation (methods.md 7.6). */
export const cadaStd: AlignmentRecord<'regressor_std'> = {
  summary: 'mean, and mean + 3 standard deviations, that a head predicts for this image',
  unit: 'predicted mean + 3 standard deviations of a normal map',
  head: regressor('regressor_std', 'upper'),
  statistics: ({ predicted }) => predicted(),
};
