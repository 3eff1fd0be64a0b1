import { makeValue } from '../graph/value.ts';
import type { Vjps } from './rule.ts';

export const scanVjps = {
  /** Each element counts in the sums behind it: the same from the other end. */
  scan: ({ cotangent, attrs }) => [
    () => makeValue('scan', [cotangent], { ...attrs, reverse: !attrs.reverse }, cotangent.shape),
  ],
} satisfies Partial<Vjps>;
