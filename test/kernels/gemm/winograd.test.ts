import { describe, expect, it } from 'vitest';
import { gemmKernels } from '../../../src/kernels/gemm/lowering.ts';
import type { GemmProblem } from '../../../src/kernels/gemm/problem.ts';
import type { Correlation } from '../../../src/kernels/gemm/textures/correlation.ts';
import type { WeightLayout } from '../../../src/kernels/gemm/textures/weightTexture.ts';
import { winogradConv } from '../../../src/kernels/gemm/winograd/convolution.ts';
import { winogradGrad, winogradGradSteps } from '../../../src/kernels/gemm/winograd/gradient.ts';
import { winogradSteps } from '../../../src/kernels/gemm/winograd/lowering.ts';
import { WINOGRAD_SIZES, winogradTransform } from '../../../src/kernels/gemm/winograd/matrices.ts';
import { winogradFor, winogradGradFor } from '../../../src/kernels/gemm/winograd/rule.ts';
import { BASELINE_DEVICE, write } from '../../../src/kernels/kernel.ts';
import { product, type Shape } from '../../../src/shape.ts';
import {
  conv2dInputGradReference,
  conv2dReference,
  conv2dWeightGradReference,
} from '../../../src/specs/reference/conv.ts';
import { type Tensor64, tensor64 } from '../../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from '../device.ts';
import { random, signed } from './random.ts';

describe.each(WINOGRAD_SIZES)('the transform of %s results', (m) => {
  it('the transform filters like the direct sum', () => {
    const { input, weight, output } = winogradTransform(m);
    const times = (matrix: readonly (readonly number[])[], x: readonly number[]): number[] =>
      matrix.map((row) => row.reduce((sum, value, k) => sum + value * x[k]!, 0));
    const d = Array.from({ length: m + 2 }, random);
    const g = Array.from({ length: 3 }, random);
    const [D, G] = [times(input, d), times(weight, g)];
    const got = times(
      output,
      D.map((value, i) => value * G[i]!),
    );
    got.forEach((value, i) => {
      const want = g.reduce((sum, tap, t) => sum + tap * d[i + t]!, 0);
      expect(Math.abs(value - want)).toBeLessThan(1e-13);
    });
  });
});

interface Case {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly cout: number;
  /** top, bottom, left, right. */
  readonly padding: readonly [number, number, number, number];
}

/** One tile and many, edges inside a tile, channels and rows that fill no texel or block, several images. */
const cases: Case[] = [
  { n: 1, c: 4, h: 6, w: 6, cout: 16, padding: [1, 1, 1, 1] },
  { n: 1, c: 3, h: 3, w: 3, cout: 3, padding: [0, 0, 0, 0] },
  { n: 2, c: 7, h: 11, w: 13, cout: 19, padding: [1, 1, 1, 1] },
  { n: 3, c: 33, h: 5, w: 4, cout: 34, padding: [1, 0, 0, 1] },
  { n: 1, c: 13, h: 23, w: 37, cout: 5, padding: [2, 1, 1, 2] },
];

const outSides = ({ h, w, padding: [top, bottom, left, right] }: Case): [number, number] => [
  h + top + bottom - 2,
  w + left + right - 2,
];

function correlation(each: Case): Correlation {
  const [oh, ow] = outSides(each);
  const axis = (size: number, out: number, before: number) => ({
    size,
    out,
    stride: 1,
    taps: 3,
    step: 1,
    before,
  });
  return {
    images: each.n,
    channels: each.c,
    rows: each.cout,
    y: axis(each.h, oh, each.padding[0]),
    x: axis(each.w, ow, each.padding[2]),
  };
}

/** Winograd rounds within a tile, so each error is measured against the largest sum of magnitudes, not its own. */
function expectClose(got: Float32Array, want: Tensor64, label: string, ulps = 8): void {
  const largest = want.magnitude!.reduce((most, value) => Math.max(most, value), 0);
  const bound = ulps * 2 ** -24 * largest;
  const worst = got.reduce(
    (at, value, i) => {
      const error = Math.abs(value - want.data[i]!);
      return error > at.error || Number.isNaN(error) ? { error, i } : at;
    },
    { error: 0, i: 0 },
  );
  expect(worst.error, `${label}: element ${worst.i}`).toBeLessThanOrEqual(bound);
}

const ways = WINOGRAD_SIZES.flatMap((m) => [false, true].map((transposed) => ({ m, transposed })));

describe.each(ways)('winograd with tiles of $m, transposed: $transposed', ({ m, transposed }) => {
  it.each(cases)(
    'winograd matches float64 with an epilogue: $n x $c x $h x $w to $cout, padding $padding',
    async (each) => {
      const { facts } = await testDevice();
      const { n, c, h, w, cout, padding } = each;
      const [oh, ow] = outSides(each);
      const [x, kernel, y] = [
        [n, c, h, w],
        [cout, c, 3, 3],
        [n, cout, oh, ow],
      ] as [Shape, Shape, Shape];
      const bias: Shape = [1, cout, 1, 1];
      const [xd, wd, bd, rd] = [signed(x), signed(kernel), signed(bias), signed(y)];
      const problem = {
        label: 'conv',
        m: cout,
        n: n * oh * ow,
        k: c * 9,
        z: 1,
        a: { binding: write('unused', 1) },
        b: { binding: write('unused', 1) },
        outShape: y,
        epilogue: {
          program: {
            inputs: 3,
            steps: [
              { fn: 'add', args: [0, 1], params: [] },
              { fn: 'add', args: [3, 2], params: [] },
            ],
          },
          operands: [bias, y].map((shape) => ({ shape, element: 'f32' })),
          inputs: [2, 3],
        },
      } as unknown as GemmProblem;
      const layout: WeightLayout = {
        length: product(kernel),
        row: c * 9,
        channel: 9,
        y: { first: 0, step: 1 },
        x: { first: 0, step: 1 },
        kernelWidth: 3,
      };
      const plan = winogradConv(correlation(each), winogradTransform(m), transposed);
      const lowered = winogradSteps(problem, plan, layout, transposed, facts);
      const got = await runLowered(lowered, [xd, wd, bd, rd], product(y));
      const geometry = { stride: [1, 1], padding, dilation: [1, 1], groups: 1 } as const;
      const sum = conv2dReference(tensor64(x, xd), tensor64(kernel, wd), geometry, y);
      const data = sum.data.map((value, i) => value + bd[Math.floor(i / (oh * ow)) % cout]! + rd[i]!);
      expectClose(got, { ...sum, data }, 'conv2d');
      expect(await runLowered(lowered, [xd, wd, bd, rd], product(y))).toEqual(got);
    },
  );
});

describe.each(WINOGRAD_SIZES)('weight gradients with tiles of %s', (m) => {
  it.each(cases)(
    'weight gradients by winograd match float64: $n x $c x $h x $w to $cout, padding $padding',
    async (each) => {
      const { facts } = await testDevice();
      const { n, c, h, w, cout, padding } = each;
      const [oh, ow] = outSides(each);
      const [x, y, kernel] = [
        [n, c, h, w],
        [n, cout, oh, ow],
        [cout, c, 3, 3],
      ] as [Shape, Shape, Shape];
      const [xd, yd] = [signed(x), signed(y)];
      const unused = { binding: write('unused', 1) };
      const sizes = { m: cout, n: c * 9, k: n * oh * ow, z: 1 };
      const problem = { label: 'grad', ...sizes, a: unused, b: unused, outShape: kernel };
      const plan = winogradGrad(correlation(each), winogradTransform(m));
      const lowered = winogradGradSteps(problem as unknown as GemmProblem, plan, facts);
      const geometry = { stride: [1, 1], padding, dilation: [1, 1], groups: 1 } as const;
      const want = conv2dWeightGradReference(tensor64(x, xd), tensor64(y, yd), geometry, kernel);
      const got = await runLowered(lowered, [xd, yd], product(kernel));
      // Of one result the products are few, and the zeros that fill its tile cancel only after rounding.
      expectClose(got, want, 'weight gradient', oh * ow === 1 ? 64 : 8);
      expect(await runLowered(lowered, [xd, yd], product(kernel))).toEqual(got);
    },
  );
});

describe('on a GPU, with products from buffers', () => {
  const geometry = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
  const [X, W, Y] = [
    [2, 7, 11, 13],
    [19, 7, 3, 3],
    [2, 19, 11, 13],
  ] as [Shape, Shape, Shape];
  const [x, w, y] = [signed(X), signed(W), signed(Y)];
  const [x64, w64, y64] = [tensor64(X, x), tensor64(W, w), tensor64(Y, y)];

  it.each([
    ['conv2d', 4, 0, [X, W], [x, w], conv2dReference(x64, w64, geometry, Y)],
    ['conv2d', 2, 1, [X, W], [x, w], conv2dReference(x64, w64, geometry, Y)],
    ['conv2dInputGrad', 4, 1, [Y, W], [y, w], conv2dInputGradReference(y64, w64, geometry, X)],
    ['conv2dWeightGrad', 4, 0, [X, Y], [x, y], conv2dWeightGradReference(x64, y64, geometry, W)],
  ] as const)(
    'winograd on a GPU computes %s through tiles of %i, transposed: %i',
    async (op, m, transposed, inputs, data, want) => {
      const device = { ...(await testDevice()).facts, software: false };
      const request = {
        label: op,
        inputs: inputs.map((shape) => ({ shape, element: 'f32' as const })),
        out: { shape: want.shape, element: 'f32' as const },
        attrs: { geometry },
        choice: { variant: 'winograd', tile: { m, transposed } } as const,
      };
      const lowered = gemmKernels[op](request, device);
      const labels = lowered.steps.map(({ kernel }) => kernel.label).join();
      expect(labels).toMatch(/winograd \d blocked/);
      const got = await runLowered(lowered, data, product(want.shape));
      expectClose(got, want, op);
      expect(await runLowered(lowered, data, product(want.shape))).toEqual(got);
    },
  );

  it('winograd on a GPU is chosen by the rule for many channels and results, in f32', () => {
    const lower = (channels: number, batch: number, element: 'f32' | 'f16') =>
      gemmKernels.conv2d(
        {
          label: 'conv2d',
          inputs: [
            { shape: [batch, channels, 32, 32], element },
            { shape: [channels, channels, 3, 3], element },
          ],
          out: { shape: [batch, channels, 32, 32], element },
          attrs: { geometry },
          constant: [false, true],
        },
        { ...BASELINE_DEVICE, f16: true, maxBindingBytes: 2 ** 31 },
      );
    const labels = (lowered: ReturnType<typeof lower>): string =>
      lowered.steps.map(({ kernel }) => kernel.label).join();
    expect(labels(lower(256, 16, 'f32'))).toContain('winograd 4');
    expect(labels(lower(256, 16, 'f16'))).not.toContain('winograd');
    expect(labels(lower(32, 1, 'f32'))).not.toContain('winograd');
  });
});

describe('where winograd is chosen', () => {
  const geometry = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
  const lower = async (op: 'conv2d' | 'conv2dInputGrad', x: Shape, w: Shape, constant: boolean) =>
    gemmKernels[op](
      {
        label: op,
        inputs: [x, w].map((shape) => ({ shape, element: 'f32' as const })),
        out: { shape: [x[0]!, op === 'conv2d' ? w[0]! : w[1]!, x[2]!, x[3]!], element: 'f32' },
        attrs: { geometry },
        constant: [false, constant],
      },
      (await testDevice()).facts,
    );

  it('winograd computes the input gradient with the kernel turned round', async () => {
    const [dy, w, x] = [
      [1, 64, 34, 49],
      [64, 65, 3, 3],
      [1, 65, 34, 49],
    ] as [Shape, Shape, Shape];
    const lowered = await lower('conv2dInputGrad', dy, w, true);
    expect(lowered.steps.map(({ kernel }) => kernel.label).join()).toContain('winograd');
    const [yd, wd] = [signed(dy), signed(w)];
    const want = conv2dInputGradReference(tensor64(dy, yd), tensor64(w, wd), geometry, x);
    expectClose(await runLowered(lowered, [yd, wd], product(x)), want, 'input gradient');
  });

  it('winograd is not chosen where its kernels would take longer to compile than they save, nor for other kernels', async () => {
    const small = await lower('conv2d', [1, 32, 16, 16], [32, 32, 3, 3], true);
    expect(small.steps.map(({ kernel }) => kernel.label).join()).not.toContain('winograd');
    const { facts } = await testDevice();
    const conv = correlation({ n: 1, c: 64, h: 64, w: 64, cout: 64, padding: [1, 1, 1, 1] });
    expect(winogradFor(conv, true, facts)).toBeDefined();
    expect(winogradFor({ ...conv, y: { ...conv.y, stride: 2 } }, true, facts)).toBeUndefined();
    expect(winogradFor({ ...conv, x: { ...conv.x, taps: 5 } }, true, facts)).toBeUndefined();
    expect(winogradGradFor(conv, facts)).toBeDefined();
    expect(winogradGradFor({ ...conv, y: { ...conv.y, stride: 2 } }, facts)).toBeUndefined();
    expect(winogradGradFor({ ...conv, channels: 4 }, facts)).toBeUndefined();
  });

  it('winograd is not chosen where the results of its products exceed a binding', async () => {
    const { facts } = await testDevice();
    const within = (maxBindingBytes: number) => ({ ...facts, maxBindingBytes });
    // 36 points or 16, each of 128 x 256 or 128 x 1024 results: 4.5 or 8 MiB; operands take half.
    const wide = correlation({ n: 1, c: 64, h: 64, w: 64, cout: 128, padding: [1, 1, 1, 1] });
    expect(winogradFor(wide, true, within(4.6 * 2 ** 20))?.transform.m).toBe(4);
    expect(winogradFor(wide, true, within(4.4 * 2 ** 20))).toBeUndefined();
    // Each of 256 x 256: 9 or 4 MiB, whatever the batch.
    const deep = correlation({ n: 8, c: 256, h: 8, w: 8, cout: 256, padding: [1, 1, 1, 1] });
    expect(winogradGradFor(deep, within(9 * 2 ** 20))).toBeDefined();
    expect(winogradGradFor(deep, within(8.9 * 2 ** 20))?.transform.m).not.toBe(4);
    expect(winogradGradFor(deep, within(3.9 * 2 ** 20))).toBeUndefined();
  });
});
