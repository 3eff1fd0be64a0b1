import { slice } from '../../graph/ops/movement.ts';
import { argmax } from '../../graph/ops/reduce.ts';
import { scope } from '../../graph/value.ts';
import { classifierLoss } from '../cada.ts';
import type { AlignmentHead, AlignmentRecord } from './alignment.ts';

const head: AlignmentHead<'classifier'> = {
  name: 'classifier',
  learns: 'label',
  // A softmax over one logit cannot learn.
  outputs: (classes) => Math.max(2, classes),
  loss: (logits, { labels }) => classifierLoss(logits, labels()),
};

/** CaDA-B: the statistics of the class that a head predicts. */
export const classifier: AlignmentRecord<'classifier'> = {
  summary: 'the same of the class that a head names',
  unit: "average maximum of the predicted class's normal maps",
  head,
  readsTable: true,
  statistics({ predicted, ofClass, classes }) {
    const logits = predicted();
    // The head has at least two outputs, but a table of one class has one row.
    const own = classes < 2 ? slice(logits, [null, { start: 0, end: classes }]) : logits;
    return ofClass(scope(head.name, () => argmax(own, 1)));
  },
};
