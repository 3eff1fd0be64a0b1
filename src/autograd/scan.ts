import { makeValue } from '../graph/value.ts';
import type { Vjps } from './rule.ts';

export const scanVjps = {
  /** Each element counts in the sums behind it: the same from the other end. */
  scan: ({ out: { kernels }, cotangent, attrs }) => [
    () =>
      makeValue('scan', [cotangent], { ...attrs, reverse: !attrs.reverse }, cotangent.shape, 'f32', {
        kernels,
      }),
  ],
} satisfies Partial<Vjps>;
