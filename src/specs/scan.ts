import { type CumsumOptions, cumsum } from '../graph/ops/scan.ts';
import type { Shape } from '../shape.ts';
import { at, build, roundingScale, type Tensor64 } from './reference/tensor64.ts';
import { ANY_DTYPE, type Sample, type SpecTable, samplesOf, shaped } from './spec.ts';

function cumsumRef(
  x: Tensor64,
  axis: number,
  { exclusive = false, reverse = false }: CumsumOptions,
): Tensor64 {
  const of = (value: (v: number) => number): Tensor64 =>
    build(x.shape, (index) => {
      const own = index[axis]!;
      const last = x.shape[axis]! - 1;
      const [from, to] = reverse ? [own + Number(exclusive), last] : [0, own - Number(exclusive)];
      let sum = 0;
      for (let i = from; i <= to; i++) sum += value(at(x, index.with(axis, i)));
      return sum;
    });
  const magnitude = of(Math.abs).data.map((sum) => roundingScale(Math.max(1, sum), x.shape[axis]!));
  return { ...of((v) => v), magnitude };
}

const CASES: readonly [[Shape, number, CumsumOptions], ...[Shape, number, CumsumOptions][]] = [
  [[3, 7, 5], 1, {}],
  [[3, 31], -1, { exclusive: true, reverse: true }],
  // In blocks, the last of them not full.
  [[2, 1031, 3], 1, {}],
  [[1031], 0, { exclusive: true, reverse: true }],
];

const sample = ([shape, axis, options]: (typeof CASES)[number]): Sample => ({
  label: `[${shape}] along ${axis}${Object.keys(options)
    .map((name) => `, ${name}`)
    .join('')}`,
  inputs: shaped(shape),
  run: (x) => cumsum(x, axis, options),
  reference: (x) => cumsumRef(x, axis < 0 ? axis + shape.length : axis, options),
});

export const scanSpecs = {
  cumsum: { dtypes: ANY_DTYPE, samples: samplesOf(CASES, sample) },
} as const satisfies SpecTable;
