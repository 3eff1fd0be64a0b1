/** Whether what was computed is what was expected, element by element. */
import { WrongResultError } from '../errors.ts';
import { refuseExtra } from '../options.ts';
import { type Shape, shapeText } from '../shape.ts';

/** Largest difference of an element, relative to the larger of its size and the root mean square of all. */
const TOLERANCE = 1e-4;

/** Elements that differ. */
export interface Difference {
  /** How many are beyond the tolerance, and the first of them. */
  readonly count: number;
  readonly first: number;
  /** The largest difference relative to the root mean square of what was expected; NaN counts as infinite. */
  readonly largest: number;
}

/** How far numbers lie from others of the same length; equal infinities and two NaN are no difference. */
export function differenceOf(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  tolerance = TOLERANCE,
  ...extra: never[]
): Difference {
  refuseExtra('differenceOf', extra);
  let squares = 0;
  for (let i = 0; i < want.length; i++) squares += want[i]! * want[i]!;
  const level = Math.sqrt(squares / Math.max(1, want.length)) || 1;
  let [count, first, largest] = [0, -1, 0];
  for (let i = 0; i < want.length; i++) {
    const [a, b] = [got[i]!, want[i]!];
    // Infinities that are expected, and NaN.
    if (Object.is(a, b) || a === b) continue;
    const distance = Math.abs(a - b);
    const size = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance / level;
    largest = Math.max(largest, size);
    if (distance <= tolerance * Math.max(Math.abs(b), level)) continue;
    if (count === 0) first = i;
    count += 1;
  }
  return { count, first, largest };
}

/** How far two results lie from each other, in words. @param difference undefined for results of other shapes */
export const differenceText = (difference: number | undefined): string =>
  difference === undefined
    ? 'their results have other shapes'
    : `their results differ by ${difference.toExponential(1)} at most, of the root mean square`;

/**
 * @param what the result in messages, as `my.wgsl: c`; `than` is what it is compared with
 * @returns the largest difference
 * @throws WrongResultError naming how many elements differ, and the first with both numbers.
 */
export function requireEqual(
  what: string,
  than: string,
  { data, shape }: { readonly data: ArrayLike<number>; readonly shape: Shape },
  want: ArrayLike<number>,
  tolerance = TOLERANCE,
): number {
  if (want.length !== data.length) {
    throw new WrongResultError(
      `${what} has ${data.length} numbers ${shapeText(shape)}, ${than} has ${want.length}`,
      { fix: 'compare results of one shape' },
    );
  }
  const { count, first, largest } = differenceOf(data, want, tolerance);
  if (count === 0) return largest;
  throw new WrongResultError(
    `${what} is wrong: ${count} of ${data.length} elements differ from ${than} by more than ${tolerance}; the first at ${placeText(first, shape)}: expected ${want[first]}, got ${data[first]}`,
    { fix: 'nothing was timed; NaN stands where the kernel wrote nothing' },
  );
}

/** Row and column of an element, as `[0, 16]`. */
function placeText(at: number, shape: Shape): string {
  const place: number[] = [];
  let rest = at;
  for (const side of shape.toReversed()) {
    place.unshift(rest % side);
    rest = Math.floor(rest / side);
  }
  return `[${place.join(', ')}]`;
}
