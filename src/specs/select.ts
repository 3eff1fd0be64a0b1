import { gather, oneHot } from '../graph/ops/select.ts';
import { at, build } from './reference/tensor64.ts';
import type { SampleInput, SpecTable } from './spec.ts';

const labels = (count: number, classes: number): SampleInput => ({
  shape: [count],
  dtype: 'i32',
  fill: (uniform) => Math.floor(uniform * classes),
});

export const selectSpecs = {
  gather: {
    ulps: 0,
    samples: [
      {
        label: 'rows, some of them twice',
        inputs: [{ shape: [11, 5, 7] }, labels(19, 11)],
        run: gather,
        reference: (x, rows) => build([19, 5, 7], ([n, a, b]) => at(x, [rows.data[n!]!, a!, b!])),
      },
    ],
  },
  oneHot: {
    ulps: 0,
    differentiable: false,
    samples: [
      {
        label: 'of 11 classes',
        inputs: [labels(19, 11)],
        run: (x) => oneHot(x, 11),
        reference: (x) => build([19, 11], ([n, c]) => Number(x.data[n!] === c)),
      },
    ],
  },
} as const satisfies SpecTable;
