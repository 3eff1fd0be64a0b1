import { MOST_F32 } from '../kernels/wgsl.ts';
import type { Tensor64 } from './reference/tensor64.ts';

/** Numbers that WGSL lets compilers assume never to occur. */
export const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/**
 * The first element of `got` that is not what `want` says of NaN, infinities and zeros; undefined where all are.
 * @param flushed what is right where subnormal inputs are taken for zeros.
 * @param spread whether more elements may be NaN.
 */
export function firstWrong(
  got: ArrayLike<number>,
  want: Tensor64,
  { flushed, spread = false }: { flushed?: Tensor64; spread?: boolean } = {},
): number | undefined {
  const is = (value: number, target: number, i: number): boolean => {
    const rounded = Math.fround(target);
    if (Number.isNaN(rounded)) return Number.isNaN(value);
    if (spread && Number.isNaN(value)) return true;
    if (!Number.isFinite(rounded)) {
      // Next to the largest number the last digit decides between it and infinity.
      return (
        value === rounded || (Math.abs(target) <= MOST_F32 * 1.0001 && Math.abs(value) > MOST_F32 * 0.999)
      );
    }
    return Math.abs(value - rounded) <= 1e-3 * Math.max(1, Math.abs(rounded), want.magnitude?.[i] ?? 0);
  };
  if (got.length > want.data.length) return want.data.length;
  const wrong = want.data.findIndex(
    (target, i) => !is(got[i]!, target, i) && !(flushed && is(got[i]!, flushed.data[i]!, i)),
  );
  return wrong < 0 ? undefined : wrong;
}
