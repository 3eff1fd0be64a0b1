import { describe, expect, it } from 'vitest';
import type { DeviceFacts } from '../../src/kernels/kernel.ts';
import { nearestKernels } from '../../src/kernels/nearest/lowering.ts';
import type { Measure } from '../../src/kernels/nearest/search.ts';
import { RandomStream } from '../../src/random.ts';
import { nearestRef } from '../../src/specs/reference/nearest.ts';
import { tensor64 } from '../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from './device.ts';

/** m, columns, rows of the banks, k, by what rows are found. */
const cases: [number, number, number[], number, Measure][] = [
  [70, 35, [600], 1, 'products'],
  [33, 64, [131, 2], 4, 'products'],
  [70, 35, [600], 1, 'differences'],
  [33, 64, [131, 2], 4, 'differences'],
];

/** Every way in which it runs; the adapter's own is also in test/ops.test.ts. */
const ways: Record<string, Partial<DeviceFacts>> = {
  'tiles in workgroup memory': { software: false },
  'lanes, two layers': { maxImageLayers: 2 },
  'lanes, one layer a tile': {},
};

describe.each(Object.keys(ways))('nearestRows through %s', (way) => {
  it.each(cases)(
    'nearestRows matches float64: %i queries of %i columns in banks of %j rows, k = %i, by %s',
    async (m, columns, sizes, k, by) => {
      const random = new RandomStream(7, m);
      // Long rows that differ little: the search's own values lose their digits here, the distances do not.
      const drawn = (length: number): Float32Array =>
        Float32Array.from({ length }, () => 10 + random.between(-0.5, 0.5));
      const x = drawn(m * columns);
      const banks = sizes.map((rows) => drawn(rows * columns));
      const facts = { ...(await testDevice()).facts, ...ways[way] };
      const spec = (shape: number[]) => ({ shape, element: 'f32' as const });
      const lowered = nearestKernels.nearestRows!(
        {
          label: 'nearestRows',
          inputs: [spec([m, columns]), ...sizes.map((rows) => spec([rows, columns]))],
          out: spec([2, m, k]),
          attrs: { k, by },
        },
        facts,
      );
      const got = await runLowered(lowered, [x, ...banks], 2 * m * k);
      const all = tensor64(
        [sizes.reduce((a, b) => a + b), columns],
        banks.flatMap((bank) => [...bank]),
      );
      const want = nearestRef(tensor64([m, columns], x), all, k);
      const worst = got
        .subarray(0, m * k)
        .reduce(
          (most, d, i) =>
            Math.max(most, Math.abs(d - want.distances.data[i]!) / Math.max(want.distances.data[i]!, 1e-3)),
          0,
        );
      expect(worst).toBeLessThan(1e-5);
      expect([...got.subarray(m * k)]).toEqual([...want.indices.data]);
    },
  );
});
