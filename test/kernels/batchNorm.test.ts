import { describe, expect, it } from 'vitest';
import { slabOffsets } from '../../src/graph/ops/slab.ts';
import { batchNormKernels } from '../../src/kernels/batchNorm.ts';
import type { DeviceFacts } from '../../src/kernels/kernel.ts';
import { RandomStream } from '../../src/random.ts';
import { product } from '../../src/shape.ts';
import { batchMomentsRef, batchNormWeightGradRef } from '../../src/specs/reference/batchNorm.ts';
import { type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from './device.ts';

/** Every way in which they run; the adapter's own is also in test/ops.test.ts. */
const ways: Record<string, Partial<DeviceFacts>> = {
  'workgroups of 256 lanes': { software: false },
  'one lane a channel': { software: true, subgroupSize: 1 },
  'a subgroup a channel': {},
};
const shapes = [
  [2, 67, 3, 5],
  [3, 5, 16, 16],
  [2, 3, 61, 47],
  [1, 2, 272, 256],
];
const EPS = 1e-5;

describe.each(Object.keys(ways))('batch norm in %s', (way) => {
  it.each(shapes)('batch norm takes the numbers of the channels of [%i, %i, %i, %i]', async (...shape) => {
    const random = new RandomStream(11, product(shape));
    const drawn = (): Float32Array =>
      Float32Array.from({ length: product(shape) }, () => random.between(-2, 2));
    const [x, dout] = [drawn(), drawn()];
    const channels = shape[1]!;
    const { offsets, length: flat } = slabOffsets([channels, channels]);
    const spec = (each: number[]) => ({ shape: each, element: 'f32' as const });
    const facts = { ...(await testDevice()).facts, ...ways[way] };
    const run = (op: keyof typeof batchNormKernels, inputs: Float32Array[]): Promise<Float32Array> =>
      runLowered(
        batchNormKernels[op](
          {
            label: op,
            inputs: inputs.map((each) => spec(each.length === flat ? [flat] : shape)),
            out: spec([flat]),
            attrs: { eps: EPS },
          },
          facts,
        ),
        inputs,
        flat,
      );
    const expectNear = (got: Float32Array, { data, magnitude }: Tensor64): void => {
      for (let i = 0; i < 2 * channels; i++) {
        const found = got[i < channels ? i : offsets[1]! + i - channels]!;
        expect(Math.abs(found - data[i]!)).toBeLessThan(16 * 2 ** -24 * Math.max(1, magnitude![i]!));
      }
    };
    const moments = await run('batchMoments', [x]);
    expectNear(moments, batchMomentsRef(tensor64(shape, x)));
    expectNear(
      await run('batchNormWeightGrad', [dout, x, moments]),
      batchNormWeightGradRef(tensor64(shape, dout), tensor64(shape, x), EPS),
    );
  });
});
