import { type Alignment, HEAD_OF, HEADS, predictingAlignment } from '../methods/cada.ts';

/** What calibrated scores call 1, in words; null where nothing is calibrated. 0 is the mean of the same map. */
export const CALIBRATED_UNIT: Readonly<Record<Alignment, string | null>> = {
  none: null,
  cada: 'predicted maximum of a normal map',
  'cada-std': 'predicted mean + 3 standard deviations of a normal map',
  class: "average maximum of the class's normal maps",
  classifier: "average maximum of the predicted class's normal maps",
};

/** What the regressor that marks unfamiliar images predicts beside a map's mean. */
export function predictedBesideMean(alignments: readonly Alignment[]): string {
  const predicting = predictingAlignment(alignments);
  const head = predicting && HEAD_OF[predicting];
  return head && HEADS[head] === 'upper' ? 'mean + 3 standard deviations' : 'maximum';
}
