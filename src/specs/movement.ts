import * as ops from '../graph/ops/movement.ts';
import { slabView } from '../graph/ops/slab.ts';
import { split, transpose } from '../nn/axes.ts';
import { at, build } from './reference/tensor64.ts';
import { ANY_DTYPE, type SpecTable, shaped } from './spec.ts';

const mirrored = (i: number, size: number): number => (i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i);
const reflected = (i: number, size: number): number => size - 1 - Math.abs(size - 1 - Math.abs(i));
const inside = (i: number, size: number): number => Math.min(Math.max(i, 0), size - 1);

/** Nothing is computed: any difference at all is a wrong address. */
export const movementSpecs = {
  reshape: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: '[2, 6] to [3, -1]',
        inputs: shaped([2, 6]),
        run: (x) => ops.reshape(x, [3, -1]),
        reference: (x) => ({ shape: [3, 4], data: x.data }),
      },
    ],
  },
  slabView: {
    ulps: 0,
    differentiable: false,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'at 128, transposed',
        inputs: shaped([384]),
        run: (x) => ops.permute(slabView(x, 128, [7, 31]), [1, 0]),
        reference: (x) => build([31, 7], ([i, j]) => x.data[128 + j! * 31 + i!]!),
      },
    ],
  },
  permute: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'order 2, 0, 3, 1',
        inputs: shaped([5, 7, 11, 3]),
        run: (x) => ops.permute(x, [2, 0, 3, 1]),
        reference: (x) => build([11, 5, 3, 7], ([a, b, c, d]) => at(x, [b!, d!, a!, c!])),
      },
    ],
  },
  transpose: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    doctor: 0,
    samples: [
      {
        label: 'of the last two axes',
        inputs: shaped([2, 3, 5]),
        run: (x) => transpose(x),
        reference: (x) => build([2, 5, 3], ([a, b, c]) => at(x, [a!, c!, b!])),
      },
    ],
  },
  slice: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'a range, one from the end, a step',
        inputs: shaped([9, 17, 23]),
        run: (x) => ops.slice(x, [{ start: 1, end: 8 }, { start: -3 }, { start: 2, step: 3 }]),
        reference: (x) => build([7, 3, 7], ([a, b, c]) => at(x, [a! + 1, 14 + b!, 2 + 3 * c!])),
      },
    ],
  },
  pad: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    doctor: 5,
    samples: [
      {
        label: 'with 0.5',
        inputs: shaped([3, 11, 13]),
        run: (x) => ops.pad(x, [1, 0, 2], [0, 3, 4], { value: 0.5 }),
        reference: (x) =>
          build([4, 14, 19], ([a, b, c]) =>
            a! < 1 || b! > 10 || c! < 2 || c! > 14 ? 0.5 : at(x, [a! - 1, b!, c! - 2]),
          ),
      },
      {
        label: 'symmetric',
        inputs: shaped([3, 11, 4]),
        run: (x) => ops.pad(x, [0, 2, 3], [0, 3, 4], { mode: 'symmetric' }),
        reference: (x) =>
          build([3, 16, 11], ([a, b, c]) => at(x, [a!, mirrored(b! - 2, 11), mirrored(c! - 3, 4)])),
      },
      {
        label: 'reflect',
        inputs: shaped([3, 11, 4]),
        run: (x) => ops.pad(x, [0, 2, 3], [0, 10, 1], { mode: 'reflect' }),
        reference: (x) =>
          build([3, 23, 8], ([a, b, c]) => at(x, [a!, reflected(b! - 2, 11), reflected(c! - 3, 4)])),
      },
      {
        label: 'wrap',
        inputs: shaped([3, 11, 4]),
        run: (x) => ops.pad(x, [3, 2, 4], [0, 11, 1], { mode: 'wrap' }),
        reference: (x) => build([6, 24, 9], ([a, b, c]) => at(x, [a! % 3, (b! + 9) % 11, c! % 4])),
      },
      {
        label: 'edge, one element wide too',
        inputs: shaped([3, 1, 13]),
        run: (x) => ops.pad(x, [0, 2, 5], [0, 3, 40], { mode: 'edge' }),
        reference: (x) => build([3, 6, 58], ([a, , c]) => at(x, [a!, 0, inside(c! - 5, 13)])),
      },
    ],
  },
  flip: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'of two axes of three',
        inputs: shaped([5, 7, 11]),
        run: (x) => ops.flip(x, [0, -1]),
        reference: (x) => build([5, 7, 11], ([a, b, c]) => at(x, [4 - a!, b!, 10 - c!])),
      },
    ],
  },
  concat: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    samples: [
      {
        label: 'of 3, 0 and 6',
        inputs: shaped([4, 3, 19], [4, 0, 19], [4, 6, 19]),
        run: (...parts) => ops.concat(parts, 1),
        reference: (a, _, b) =>
          build([4, 9, 19], ([i, j, k]) => (j! < 3 ? at(a!, [i!, j!, k!]) : at(b!, [i!, j! - 3, k!]))),
      },
    ],
  },
  split: {
    ulps: 0,
    dtypes: ANY_DTYPE,
    doctor: 0,
    samples: [
      {
        label: 'the middle part',
        inputs: shaped([6, 2]),
        run: (x) => split(x, [1, 3, 2])[1]!,
        reference: (x) => build([3, 2], ([i, j]) => at(x, [i! + 1, j!])),
      },
    ],
  },
} as const satisfies SpecTable;
