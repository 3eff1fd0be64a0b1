import { describe, expect, it } from 'vitest';
import type { DeviceFacts } from '../../src/kernels/kernel.ts';
import { similarityKernels } from '../../src/kernels/similarity.ts';
import { topKKernels } from '../../src/kernels/topK.ts';
import { testRandom } from '../seed.ts';
import { runLowered, testDevice } from './device.ts';

/** What few workgroups do with long rows, as on a GPU; the adapter's own ways are in test/ops.test.ts. */
const shapes = [
  [1, 1],
  [3, 67],
  [2, 4099],
  [2, 40_003],
] as const;

const gpu = async (): Promise<DeviceFacts> => ({ ...(await testDevice()).facts, software: false });
const spec = (shape: readonly number[]) => ({ shape, element: 'f32' as const });

describe.each(shapes)('rows of a GPU, [%i, %i]', (rows, length) => {
  const drawn = (): Float32Array =>
    Float32Array.from({ length: rows * length }, () => testRandom().between(-2, 2));

  it('dot products of rows match float64', async () => {
    const [a, b] = [drawn(), drawn()] as const;
    const request = {
      label: 'rowDots',
      inputs: [spec([rows, length]), spec([rows, length])],
      out: spec([rows, 3]),
      attrs: {},
    };
    const got = await runLowered(similarityKernels.rowDots(request, await gpu()), [a, b], rows * 3);
    for (let row = 0; row < rows; row++) {
      const [x, y] = [a, b].map((each) => each.subarray(row * length, (row + 1) * length)) as [
        Float32Array,
        Float32Array,
      ];
      for (const [i, [left, right]] of (
        [
          [x, y],
          [x, x],
          [y, y],
        ] as const
      ).entries()) {
        const terms = Array.from(left, (value, j) => value * right[j]!);
        const want = terms.reduce((sum, term) => sum + term, 0);
        const size = terms.reduce((sum, term) => sum + Math.abs(term), 0);
        expect(Math.abs(got[3 * row + i]! - want)).toBeLessThan(32 * 2 ** -24 * size);
      }
    }
  });

  it('the k-th largest of a row is exact', async () => {
    const x = drawn();
    for (const k of new Set([1, Math.ceil(length / 3), length])) {
      const request = {
        label: 'kthLargest',
        inputs: [spec([rows, length])],
        out: spec([rows]),
        attrs: { k },
      };
      const got = await runLowered(topKKernels.kthLargest(request, await gpu()), [x], rows);
      const want = Array.from(
        { length: rows },
        (_, row) =>
          x
            .slice(row * length, (row + 1) * length)
            .toSorted()
            .at(-k)!,
      );
      expect(Array.from(got)).toEqual(want);
    }
  });
});
