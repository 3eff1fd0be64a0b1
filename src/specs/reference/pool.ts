import { outputSize } from '../../graph/ops/conv.ts';
import type { Shape } from '../../shape.ts';
import { at, build, forEachIndex, type Tensor64 } from './tensor64.ts';

/** A window along any number of axes. */
export interface PoolAlong {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
  readonly ceilMode?: boolean;
  readonly countIncludePad?: boolean;
}

/** Maximum of each window's places inside x [N, C, ...S], or their sum over how many count. */
export function poolAlongRef(
  x: Tensor64,
  { kernel, stride, padding, dilation = kernel.map(() => 1), ceilMode, countIncludePad = true }: PoolAlong,
  kind: 'max' | 'avg',
): Tensor64 {
  const [n, c, ...sizes] = x.shape as [number, number, ...number[]];
  const out: Shape = [
    n,
    c,
    ...sizes.map((size, i) => {
      const count = outputSize(size, (kernel[i]! - 1) * dilation[i]! + 1, stride[i]!, 2 * padding[i]!);
      const rest = size + 2 * padding[i]! - ((count - 1) * stride[i]! + (kernel[i]! - 1) * dilation[i]! + 1);
      return count + Number(ceilMode === true && rest > 0 && count * stride[i]! < size + padding[i]!);
    }),
  ];
  return build(out, ([sample, channel, ...place]) => {
    const found: number[] = [];
    let count = 0;
    forEachIndex(kernel, (tap) => {
      const read = tap.map((t, i) => place[i]! * stride[i]! - padding[i]! + t * dilation[i]!);
      count += Number(read.every((each, i) => each < sizes[i]! + padding[i]!));
      if (read.every((each, i) => each >= 0 && each < sizes[i]!))
        found.push(at(x, [sample!, channel!, ...read]));
    });
    return kind === 'max'
      ? Math.max(...found)
      : found.reduce((sum, each) => sum + each, 0) / (countIncludePad ? count : found.length);
  });
}
