import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/reverse.ts';
import { LimitError } from '../../src/errors.ts';
import * as api from '../../src/index.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../../src/kernels/kernel.ts';
import { buildPlan } from '../../src/plan/buildPlan.ts';
import { MOST_INDEXED } from '../../src/plan/indexLimits.ts';

/** Kernels index with u32: whatever they would index beyond it is refused, whether it would be stored or not. */

const SOFTWARE: DeviceFacts = { ...BASELINE_DEVICE, software: true, subgroupSize: 8 };

const planned = (value: api.Value, fuse = true, device = SOFTWARE) =>
  buildPlan({ outputs: new Map([['out', value]]), effects: [] }, device, { fuse });

const x = api.input('x', []);
const row = api.input('row', [50_000]);
const stretched = (...shape: number[]): api.Value => api.broadcastTo(x, shape);
const column = api.input('column', [50_000, 1, 1]);

const TOO_MANY: readonly (readonly [name: string, op: string, build: () => api.Value])[] = [
  ['sum of a stretched value', 'reduce sum', () => api.sum(stretched(50_000, 50_000, 2))],
  ['mean over one axis', 'reduce sum', () => api.mean(stretched(2, 2 ** 16, 2 ** 16), { axes: [1] })],
  [
    'max of a product of vectors',
    'reduce max',
    () => api.max(api.mul(api.mul(row, api.reshape(row, [50_000, 1])), stretched(2, 1, 1))),
  ],
  ['std', 'pointwise mul', () => api.std(api.mul(column, stretched(1, 50_000, 2)))],
  ['softmax', 'reduce max', () => api.softmax(api.mul(column, stretched(1, 50_000, 2)), 1)],
  ['a loss over all pairs', 'reduce sum', () => api.mseLoss(api.mul(column, stretched(1, 50_000, 2)), 0)],
  [
    'a gradient that is summed back',
    'reduce',
    () => grad(api.sum(api.mul(api.mul(column, column), stretched(1, 50_000, 2))), [column])[0]!,
  ],
  [
    'a product of matrices',
    'matmul',
    () => api.matmul(api.input('a', [70_000, 1]), api.input('b', [1, 70_000])),
  ],
  [
    'a convolution',
    'conv2d',
    () => api.conv2d(api.input('i', [1, 1, 1, 1]), api.input('w', [70_000, 1, 1, 1]), { padding: 200 }),
  ],
  [
    'patches larger than an image',
    'maxPool2d',
    () => api.maxPool2d(api.input('i', [70_000, 1, 256, 256]), { kernel: 1 }),
  ],
  [
    'a place times a size',
    'interpolate',
    () => api.interpolate(api.input('i', [1, 1, 1, 70_000]), { size: [1, 70_001], mode: 'nearest' }),
  ],
  [
    'attention with dropout',
    'attention',
    () => {
      const q = api.input('q', [1, 70_000, 4]);
      return api.attention(q, q, q, {
        heads: 1,
        dropout: { p: 0.5, key: api.input('key', [4], 'u32'), site: 0 },
      });
    },
  ],
  ['padding', 'pad', () => api.pad(row, [2 ** 32], [0])],
  ['an array', 'pointwise relu', () => api.relu(api.input('i', [2 ** 32]))],
];

describe.each(TOO_MANY)('%s', (_, op, build) => {
  it.each([true, false])('a size beyond 32 bits is refused, fused: %s', (fuse) => {
    for (const device of [SOFTWARE, BASELINE_DEVICE]) {
      const call = (): unknown => planned(build(), fuse, device);
      expect(call).toThrow(LimitError);
      expect(call).toThrow(/kernels index at most 4278190080/);
      if (fuse) expect(call).toThrow(op);
    }
  });
});

it.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, MOST_INDEXED])('%d elements are indexed', (count) => {
  const { dispatches } = planned(api.sum(stretched(count)));
  for (const { kernel } of dispatches) expect(kernel.wgsl).not.toMatch(/\d{11,}u/);
});

it.each([MOST_INDEXED + 1, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1])(
  '%d elements are not',
  (count) => {
    expect(() => planned(api.sum(stretched(count)))).toThrow(LimitError);
  },
);

it('is E_LIMIT where a function is called, and leaves the engine usable', async () => {
  using engine = await api.Engine.create();
  const call = engine.compile((value: api.Value) => api.sum(api.broadcastTo(value, [50_000, 50_000, 2])));
  const one = engine.tensor([1], []);
  for (let i = 0; i < 2; i++) {
    await expect(call(one)).rejects.toMatchObject({
      code: 'E_LIMIT',
      message: expect.stringContaining('reduce sum'),
    });
  }
  const sound = await engine.compile((value: api.Value) => api.sum(api.broadcastTo(value, [50, 50, 2])))(one);
  expect(await sound.data()).toEqual(new Float32Array([5000]));
});
