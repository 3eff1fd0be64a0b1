import type { AlignmentRecord } from './alignment.ts';

/** CaDA-A: the true class's statistics. */
export const trueClass: AlignmentRecord = {
  summary: "averages over the training images of the image's class, which the user gives",
  unit: "average maximum of the class's normal maps",
  readsTable: true,
  statistics: ({ labels, ofClass }) => ofClass(labels()),
};
