import { regressorLoss } from '../cada.ts';
import type { AlignmentHead, Level } from './alignment.ts';

/** A head that predicts an image's own mean and level. */
export const regressor = <Name extends string>(name: Name, learns: Level): AlignmentHead<Name> => ({
  name,
  learns,
  outputs: () => 2,
  loss: (predicted, { targets }, alpha) => regressorLoss(predicted, targets(learns), alpha),
});
