import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConvGeometry } from '../../src/graph/ops/conv.ts';
import { add, clamp, mul } from '../../src/graph/ops/pointwise.ts';
import { input, type Value } from '../../src/graph/value.ts';
import { packsAtAll } from '../../src/kernels/gemm/textures/texturesFit.ts';
import { conv2d, convTranspose2d } from '../../src/nn/conv.ts';
import { openSession, type Session } from '../../src/runtime/session.ts';
import { product, type Shape } from '../../src/shape.ts';
import { conv2dInputGradReference, conv2dReference } from '../../src/specs/reference/conv.ts';
import { type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import { signed } from '../kernels/gemm/random.ts';

/** Values that are computed in the order in which the product after them reads them; pixels that are packed once. */

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const geometry = (change: Partial<ConvGeometry> = {}): ConvGeometry => ({
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  ...change,
});
const filtered = geometry({ stride: [2, 2], padding: [1, 1, 1, 1], groups: 64 });
const SHAPES: Readonly<Record<string, Shape>> = {
  x: [2, 64, 32, 32],
  filter: [64, 1, 3, 3],
  scale: [64, 1, 1],
  narrow: [48, 64, 1, 1],
  wide: [40, 48, 1, 1],
  up: [40, 16, 4, 4],
};
const values = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shape]) => [name, input(name, shape)]),
) as Record<keyof typeof SHAPES, Value>;

/** Runs twice, so that nothing left by the first run is taken for the second one's, and compares with float64. */
async function check(y: Value, want: (of: Record<string, Tensor64>) => Tensor64): Promise<string[]> {
  const run = await session.compile('packed', { outputs: new Map([['y', y]]), effects: [] });
  try {
    for (const turn of [0, 1]) {
      const data = Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [name, signed(shape)]));
      run.run(data);
      const got = (await run.read()).get('y')!;
      const expected = want(
        Object.fromEntries(
          Object.entries(SHAPES).map(([name, shape]) => [name, tensor64(shape, data[name]!)]),
        ),
      );
      const most = Math.max(...expected.data.map(Math.abs));
      const worst = Math.max(...expected.data.map((each, i) => Math.abs(each - got[i]!)));
      // Sums of at most 640 terms after sums of 64 and of 9.
      expect(worst / most, `run ${turn}`).toBeLessThan(2e-6);
      expect(got).toHaveLength(product(y.shape));
    }
    return run.plan.dispatches
      .map(({ kernel }) => kernel.label)
      .filter((label) => label.includes('pack pixels'));
  } finally {
    run.destroy();
  }
}

const clamped = ({ shape, data }: Tensor64): Tensor64 =>
  tensor64(
    shape,
    data.map((each) => Math.min(Math.max(each, -1), 6)),
  );
const depthwise = (): Value =>
  clamp(mul(conv2d(values.x!, values.filter!, { stride: 2, padding: 1, groups: 64 }), values.scale!), -1, 6);
const depthwise64 = ({ x, filter, scale }: Record<string, Tensor64>): Tensor64 => {
  const y = conv2dReference(x!, filter!, filtered, [2, 64, 16, 16]);
  return clamped(
    tensor64(
      y.shape,
      y.data.map((each, i) => each * scale!.data[Math.floor(i / 256) % 64]!),
    ),
  );
};
const narrow64 = (of: Record<string, Tensor64>): Tensor64 =>
  conv2dReference(depthwise64(of), of.narrow!, geometry(), [2, 48, 16, 16]);

describe('values stored in the order of their reader', () => {
  it('values stored in the order of their reader are those of a depthwise convolution and of a product before a 1x1 one', async () => {
    const y = conv2d(conv2d(depthwise(), values.narrow!), values.wide!);
    const packs = await check(y, (of) =>
      conv2dReference(narrow64(of), of.wide!, geometry(), [2, 40, 16, 16]),
    );
    expect(packs).toEqual([]);
  });

  it('values stored in the order of their reader have no other reader', async () => {
    const once = conv2d(depthwise(), values.narrow!);
    const y = add(conv2d(once, values.wide!), mul(conv2d(once, values.wide!), 2));
    const both = conv2d(add(once, 1), values.wide!);
    const packs = await check(add(y, both), (of) => {
      const narrow = narrow64(of);
      const sum = tensor64(
        narrow.shape,
        narrow.data.map((each) => 4 * each + 1),
      );
      return conv2dReference(sum, of.wide!, geometry(), [2, 40, 16, 16]);
    });
    if (packsAtAll(session.gpu.facts)) expect(packs.length).toBeGreaterThan(0);
  });

  it('the phases of a transposed convolution share the pixels that they pack', async () => {
    const y = convTranspose2d(conv2d(conv2d(depthwise(), values.narrow!), values.wide!), values.up!, {
      stride: 2,
      padding: 1,
    });
    const packs = await check(y, (of) =>
      conv2dInputGradReference(
        conv2dReference(narrow64(of), of.wide!, geometry(), [2, 40, 16, 16]),
        of.up!,
        geometry({ stride: [2, 2], padding: [1, 1, 1, 1] }),
        [2, 16, 32, 32],
      ),
    );
    if (packsAtAll(session.gpu.facts)) expect(packs).toHaveLength(1);
  });
});
