import type { AlignmentRecord } from './alignment.ts';
import { cada } from './cada.ts';
import { cadaStd } from './cadaStd.ts';
import { classifier } from './classifier.ts';
import { none } from './none.ts';
import { trueClass } from './trueClass.ts';

/** The one place that knows alignments by name: to add one, add a file beside this one and a line here. */
export const TABLE = {
  none,
  cada,
  'cada-std': cadaStd,
  class: trueClass,
  classifier,
} as const satisfies Record<string, AlignmentRecord<string>>;
