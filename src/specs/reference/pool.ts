import { outputSize } from '../../graph/ops/conv.ts';
import type { Shape } from '../../shape.ts';
import { at, build, forEachIndex, type Tensor64 } from './tensor64.ts';

/** A window along any number of axes. */
export interface PoolAlong {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
}

/** Maximum of each window's places inside x [N, C, ...S], or their sum over the window's size. */
export function poolAlongRef(
  x: Tensor64,
  { kernel, stride, padding }: PoolAlong,
  kind: 'max' | 'avg',
): Tensor64 {
  const [n, c, ...sizes] = x.shape as [number, number, ...number[]];
  const out: Shape = [
    n,
    c,
    ...sizes.map((size, i) => outputSize(size, kernel[i]!, stride[i]!, 2 * padding[i]!)),
  ];
  return build(out, ([sample, channel, ...place]) => {
    const found: number[] = [];
    let count = 0;
    forEachIndex(kernel, (tap) => {
      count += 1;
      const read = tap.map((t, i) => place[i]! * stride[i]! - padding[i]! + t);
      if (read.every((each, i) => each >= 0 && each < sizes[i]!))
        found.push(at(x, [sample!, channel!, ...read]));
    });
    return kind === 'max' ? Math.max(...found) : found.reduce((sum, each) => sum + each, 0) / count;
  });
}
