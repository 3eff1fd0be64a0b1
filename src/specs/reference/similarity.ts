import { at, build, type Tensor64 } from './tensor64.ts';

/** <a, b>, and the same of the terms' magnitudes. */
export function dotOf(a: ArrayLike<number>, b: ArrayLike<number>): { total: number; size: number } {
  let [total, size] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    total += a[i]! * b[i]!;
    size += Math.abs(a[i]! * b[i]!);
  }
  return { total, size };
}

/** <a, b> / (|a| |b|), no length below 1e-8. */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const length = (x: ArrayLike<number>): number => Math.max(Math.sqrt(dotOf(x, x).total), 1e-8);
  return dotOf(a, b).total / (length(a) * length(b));
}

/** `f` of the cosine along channels: a, b [N, C, ...S] -> [N, ...S]. */
export function cosineRef(a: Tensor64, b: Tensor64, f: (cosine: number) => number): Tensor64 {
  const channels = (x: Tensor64, [n, ...rest]: readonly number[]): number[] =>
    Array.from({ length: x.shape[1]! }, (_, c) => at(x, [n!, c, ...rest]));
  return build(a.shape.toSpliced(1, 1), (i) => f(cosine(channels(a, i), channels(b, i))));
}
