import * as ops from '../../src/graph/ops/movement.ts';
import { input } from '../../src/graph/value.ts';
import { at, build } from '../../src/specs/reference/tensor64.ts';
import type { SpecTable } from './spec.ts';

const x23 = () => input('x', [2, 3]);

export const movementSpecs: SpecTable = {
  reshape: {
    samples: [
      {
        label: '[2, 6] to [3, -1]',
        inputs: [{ shape: [2, 6] }],
        run: (x) => ops.reshape(x, [3, -1]),
        reference: (x) => ({ shape: [3, 4], data: x.data }),
      },
    ],
    rejects: [
      [() => ops.reshape(x23(), [4, 2]), 'reshape: shape [4, 2] does not hold the 6 elements of [2, 3]'],
    ],
  },
  permute: {
    samples: [
      [2, 0, 1],
      [0, 2, 1],
      [2, 1, 0],
    ].map((order) => ({
      label: `order ${order}`,
      inputs: [{ shape: [3, 5, 7] }],
      run: (x) => ops.permute(x, order),
      reference: (x) =>
        build(
          order.map((axis) => x.shape[axis]!),
          (index) =>
            at(
              x,
              x.shape.map((_, axis) => index[order.indexOf(axis)]!),
            ),
        ),
    })),
    rejects: [
      [() => ops.permute(x23(), [0, 0]), 'permute: order expects each axis of [2, 3] once, got [0, 0]'],
    ],
  },
  transpose: {
    samples: [
      {
        label: 'last two axes',
        inputs: [{ shape: [2, 3, 5] }],
        run: (x) => ops.transpose(x),
        reference: (x) => build([2, 5, 3], ([a, b, c]) => at(x, [a!, c!, b!])),
      },
    ],
  },
  slice: {
    samples: [
      {
        label: 'a range',
        inputs: [{ shape: [5, 7] }],
        run: (x) => ops.slice(x, [{ start: 1, end: 4 }, { start: -3 }]),
        reference: (x) => build([3, 3], ([i, j]) => at(x, [i! + 1, j! + 4])),
      },
      {
        label: 'with steps',
        inputs: [{ shape: [7, 9] }],
        run: (x) => ops.slice(x, [{ step: 2 }, { start: 1, step: 3 }]),
        reference: (x) => build([4, 3], ([i, j]) => at(x, [2 * i!, 1 + 3 * j!])),
      },
    ],
    rejects: [
      [() => ops.slice(x23(), [{ start: 1, end: 3 }]), 'slice: axis 0 expects 0 <= start <= end <= 2'],
    ],
  },
  pad: {
    samples: [
      {
        label: 'with zeros',
        inputs: [{ shape: [2, 3] }],
        run: (x) => ops.pad(x, [1, 0], [0, 2]),
        reference: (x) => build([3, 5], ([i, j]) => (i! >= 1 && j! < 3 ? at(x, [i! - 1, j!]) : 0)),
      },
    ],
    rejects: [[() => ops.pad(x23(), [1], [1]), 'pad: before and after expect 2 counts']],
  },
  padMirrored: {
    samples: [
      {
        label: 'symmetric',
        inputs: [{ shape: [4] }],
        run: (x) => ops.pad(x, [3], [2], { mode: 'symmetric' }),
        reference: (x) => ({
          shape: [9],
          data: Float64Array.from([2, 1, 0, 0, 1, 2, 3, 3, 2], (i) => x.data[i]!),
        }),
      },
      {
        label: 'symmetric along two axes of three',
        inputs: [{ shape: [3, 2, 4] }],
        run: (x) => ops.pad(x, [3, 0, 1], [1, 0, 4], { mode: 'symmetric' }),
        reference: (x) => {
          const mirrored = (i: number, size: number): number =>
            i < 0 ? -1 - i : i >= size ? 2 * size - 1 - i : i;
          return build([7, 2, 9], ([a, b, c]) => at(x, [mirrored(a! - 3, 3), b!, mirrored(c! - 1, 4)]));
        },
      },
      {
        label: 'edge of one element',
        inputs: [{ shape: [1, 3] }],
        run: (x) => ops.pad(x, [2, 0], [3, 0], { mode: 'edge' }),
        reference: (x) => build([6, 3], ([, b]) => at(x, [0, b!])),
      },
      {
        label: 'edge',
        inputs: [{ shape: [3] }],
        run: (x) => ops.pad(x, [2], [1], { mode: 'edge' }),
        reference: (x) => ({ shape: [6], data: Float64Array.from([0, 0, 0, 1, 2, 2], (i) => x.data[i]!) }),
      },
    ],
    rejects: [
      [() => ops.pad(x23(), [3, 0], [0, 0], { mode: 'symmetric' }), 'pad: symmetric padding expects at most'],
    ],
  },
  concat: {
    samples: [0, 1, 2].map((axis) => ({
      label: `axis ${axis}`,
      inputs: [{ shape: [2, 3, 5] }, { shape: [2, 3, 5].with(axis, 4) }, { shape: [2, 3, 5].with(axis, 1) }],
      run: (...xs) => ops.concat(xs, axis),
      reference: (...xs) =>
        build([2, 3, 5].with(axis, [2, 3, 5][axis]! + 5), (index) => {
          let place = index[axis]!;
          const from = xs.find((x) => {
            if (place < x.shape[axis]!) return true;
            place -= x.shape[axis]!;
            return false;
          })!;
          return at(from, index.with(axis, place));
        }),
    })),
    rejects: [
      [
        () => ops.concat([x23(), input('y', [3, 3])], 1),
        'concat: value 1 expects [2, 3] f32 except along axis 1, got [3, 3] f32',
      ],
    ],
  },
  split: {
    samples: [
      {
        label: 'the middle part',
        inputs: [{ shape: [6, 2] }],
        run: (x) => ops.split(x, [1, 3, 2])[1]!,
        reference: (x) => build([3, 2], ([i, j]) => at(x, [i! + 1, j!])),
      },
    ],
    rejects: [[() => ops.split(x23(), [1, 2]), 'split: sizes expect to sum to 2, got 3']],
  },
};
