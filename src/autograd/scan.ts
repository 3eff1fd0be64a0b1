import { makeValue } from '../graph/value.ts';
import type { Vjps } from './rule.ts';

export const scanVjps = {
  /** Each element counts in the sums behind it: the same from the other end. */
  scan: ({ out, cotangent, attrs }) => [
    () => makeValue('scan', [cotangent], { ...attrs, reverse: !attrs.reverse }, cotangent.shape, 'f32', out),
  ],
} satisfies Partial<Vjps>;
