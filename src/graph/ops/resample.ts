import type { Carrying } from '../carried.ts';
import { constant, knownData, makeValue, type Value } from '../value.ts';
import { attributes, type OpTable } from './definition.ts';

export const resampleOps = {
  /** x [outer, L, inner], weights [M, T], spans (i32) [M, 2] of first place and count -> [outer, M, inner]. */
  resample: { attrs: attributes<{ readonly axis: number }>(), readsHalf: true },
} as const satisfies OpTable;

/** Which neighbours along an axis a result is made of: `weights[k]` of the one at `first` + k. */
export interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * x with each place along `axis` replaced by weighted sums of places: a sparse matrix times that axis. @param from has the
 * kernels.
 */
export function resample(x: Value, axis: number, taps: readonly Taps[], from: Carrying<'resample'>): Value {
  const widest = taps.reduce((most, { weights }) => Math.max(most, weights.length), 1);
  const padded = taps.flatMap(({ weights }) => Array.from({ length: widest }, (_, k) => weights[k] ?? 0));
  const spans = taps.flatMap(({ first, weights }) => [first, weights.length]);
  const inputs = [x, constant(padded, [taps.length, widest]), constant(spans, [taps.length, 2], 'i32')];
  return makeValue('resample', inputs, { axis }, x.shape.with(axis, taps.length), 'f32', from);
}

/** The taps of a `resample`, transposed: from its results back to the `length` places of x. */
export function transposedTaps(weights: Value, spans: Value, length: number): Taps[] {
  const [factors, places] = [knownData(weights)!, knownData(spans)!];
  const widest = weights.shape[1]!;
  const found = Array.from({ length }, (): [place: number, weight: number][] => []);
  for (let place = 0; place < weights.shape[0]!; place++) {
    for (let k = 0; k < places[2 * place + 1]!; k++) {
      found[places[2 * place]! + k]!.push([place, factors[place * widest + k]!]);
    }
  }
  return found.map((own) => {
    const first = own[0]?.[0] ?? 0;
    const row = Array.from({ length: own.length === 0 ? 0 : own.at(-1)![0] - first + 1 }, () => 0);
    for (const [place, weight] of own) row[place - first]! += weight;
    return { first, weights: row };
  });
}

type Kernel = (distance: number) => number;

const triangle: Kernel = (t) => Math.max(0, 1 - Math.abs(t));

/** Keys' cubic convolution; `a` is -0.75 in PyTorch and OpenCV, -0.5 where it antialiases and in Pillow. */
const cubic =
  (a: number): Kernel =>
  (distance) => {
    const t = Math.abs(distance);
    if (t >= 2) return 0;
    return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  };

/** Neighbours of each of `to` places among `from`. @param scale of the distance of two places, in pixels of x. */
interface Grid {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
  readonly alignCorners: boolean;
}

/** Bicubic: four neighbours, beyond an edge the edge itself. */
export const cubicTaps = ({ from, to, scale, alignCorners }: Grid): Taps[] =>
  Array.from({ length: to }, (_, place) => {
    const source = alignCorners ? place * scale : (place + 0.5) * scale - 0.5;
    const low = Math.floor(source);
    return clampedTaps(
      [-1, 0, 1, 2].map((k) => [low + k, cubic(-0.75)(source - low - k)]),
      from,
    );
  });

/** One neighbour: the pixel whose middle is nearest. Whole numbers, so that nothing is rounded. */
export const nearestExactTaps = ({ from, to }: Pick<Grid, 'from' | 'to'>): Taps[] =>
  Array.from({ length: to }, (_, place) => ({
    first: Math.min(from - 1, Math.floor(((2 * place + 1) * from) / (2 * to))),
    weights: [1],
  }));

/** The mean of all that a result covers, weighted by a kernel as wide as `scale` where that shrinks; PyTorch's `antialias`. */
export const antialiasedTaps = ({ from, to, scale }: Grid, mode: 'bilinear' | 'bicubic'): Taps[] => {
  const [kernel, reach] = mode === 'bilinear' ? [triangle, 1] : [cubic(-0.5), 2];
  const wide = Math.max(1, scale);
  return Array.from({ length: to }, (_, place) => {
    const centre = scale * (place + 0.5);
    const first = Math.max(0, Math.trunc(centre - reach * wide + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach * wide + 0.5));
    const weights = Array.from({ length: end - first }, (_, k) => kernel((first + k - centre + 0.5) / wide));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
};

/** Weights of places that may lie outside, which count at the edge. */
function clampedTaps(weights: readonly (readonly [place: number, weight: number])[], size: number): Taps {
  const inside = weights.map(([place, weight]) => [Math.min(size - 1, Math.max(0, place)), weight] as const);
  const first = Math.min(...inside.map(([place]) => place));
  const last = Math.max(...inside.map(([place]) => place));
  const row = Array.from({ length: last - first + 1 }, () => 0);
  for (const [place, weight] of inside) row[place - first]! += weight;
  return { first, weights: row };
}
