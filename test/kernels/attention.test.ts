import { describe, expect, it } from 'vitest';
import { attentionKernels } from '../../src/kernels/attention.ts';
import { BASELINE_DEVICE } from '../../src/kernels/kernel.ts';
import { philox, RandomStream } from '../../src/random.ts';
import { product } from '../../src/shape.ts';
import { attentionRef, keeps } from '../../src/specs/reference/attention.ts';
import { type Tensor64, tensor64 } from '../../src/specs/reference/tensor64.ts';
import { runLowered } from './device.ts';

const random = new RandomStream(11);
const draw = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.next() * 4 - 2);

describe('attention as GPUs run it', () => {
  const shape = [2, 70, 24];
  const neighbours = { height: 10, width: 7, window: 3 };
  const cases = [
    ['with neighbours', { neighbours }, undefined],
    ['causal', { causal: true }, undefined],
    ['causal, with a mask for each head', { causal: true, masked: true }, [1, 3, 70, 70]],
  ] as const;

  it.each(cases)('attention as GPUs run it agrees with float64: %s', async (_, attrs, masking) => {
    const [q, k, v] = [draw(product(shape)), draw(product(shape)), draw(product(shape))];
    const masks = masking ? [draw(product(masking)).map((m) => (m < -1 ? Number.NEGATIVE_INFINITY : m))] : [];
    const spec = { shape, element: 'f32' } as const;
    const lowered = attentionKernels.attention(
      {
        label: 'attention',
        inputs: [spec, spec, spec, ...masks.map(() => ({ shape: masking!, element: 'f32' }) as const)],
        out: spec,
        attrs: { heads: 3, scale: 1 / Math.sqrt(8), neighbours: null, dropout: 0, ...attrs },
      },
      BASELINE_DEVICE,
    );
    const got = await runLowered(lowered, [q, k, v, ...masks], product(shape));
    const [a, b, c] = [q, k, v].map((data) => tensor64(shape, data)) as [Tensor64, Tensor64, Tensor64];
    const mask = masking && tensor64([...masking], masks[0]!);
    const want = attentionRef(a, b, c, { heads: 3, ...attrs, mask });
    got.forEach((value, i) => {
      expect(Math.abs(value - want.data[i]!)).toBeLessThan(4 * 2 ** -24 * want.magnitude![i]!);
    });
  });
});

describe('which weights are dropped', () => {
  const width = 196;
  const maskOf = (head: number): boolean[] => {
    const words = philox([head, 5, 1, 1], [3, 0]);
    return Array.from({ length: width * width }, (_, i) => keeps(i, words, 0.1));
  };
  const kept = (mask: readonly boolean[]): number => mask.filter(Boolean).length / mask.length;

  it('dropped weights are a tenth of all, in each head and row', () => {
    for (let head = 0; head < 4; head++) {
      const mask = maskOf(head);
      // Four standard deviations of so many draws.
      expect(Math.abs(kept(mask) - 0.9)).toBeLessThan((4 * 0.3) / width);
      for (let row = 0; row < width; row++) {
        const here = mask.slice(row * width, (row + 1) * width);
        expect(Math.abs(kept(here) - 0.9)).toBeLessThan((5 * 0.3) / Math.sqrt(width));
      }
    }
  });

  it('dropped weights say nothing of the next weight, the next row or another head', () => {
    const mask = maskOf(0);
    const other = maskOf(1);
    const together = (pairs: [boolean, boolean][]): number =>
      pairs.filter(([a, b]) => !a && !b).length / pairs.length;
    const bound = (4 * Math.sqrt(0.01 * 0.99)) / width;
    for (const shift of [1, 2, 8, width]) {
      const pairs = mask.slice(shift).map((each, i): [boolean, boolean] => [each, mask[i]!]);
      expect(Math.abs(together(pairs) - 0.01)).toBeLessThan(bound);
    }
    const across = mask.map((each, i): [boolean, boolean] => [each, other[i]!]);
    expect(Math.abs(together(across) - 0.01)).toBeLessThan(bound);
  });
});
