import { describe, expect, it } from 'vitest';
import type { ConvGeometry } from '../../../src/graph/ops/conv.ts';
import type { BlockedTile } from '../../../src/kernels/gemm/blocked/rule.ts';
import type { ProductLowering, ProductRequest } from '../../../src/kernels/gemm/choices.ts';
import { type ConvolutionAttrs, gemmKernels } from '../../../src/kernels/gemm/lowering.ts';
import type { DeviceFacts } from '../../../src/kernels/kernel.ts';
import { product, type Shape } from '../../../src/shape.ts';
import {
  conv2dInputGradReference,
  conv2dReference,
  conv2dWeightGradReference,
} from '../../../src/specs/reference/conv.ts';
import { type Tensor64, tensor64 } from '../../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from '../device.ts';
import { signed } from './random.ts';

const plainGeometry: ConvGeometry = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
interface Case {
  readonly x: Shape;
  readonly w: Shape;
  readonly geometry: Partial<ConvGeometry>;
  /** With the tile that the rule takes on a GPU; the others take the smallest. */
  readonly ruled?: true;
  /** Only how a CPU adapter's operands lie in textures makes another case of it than those before. */
  readonly packed?: true;
}
const cases: readonly Case[] = [
  { x: [1, 1, 1, 1], w: [1, 1, 1, 1], geometry: {} },
  { x: [2, 3, 7, 5], w: [5, 3, 3, 3], geometry: { padding: [1, 1, 1, 1] }, ruled: true },
  { x: [1, 16, 9, 11], w: [17, 16, 1, 1], geometry: {} },
  { x: [3, 4, 13, 8], w: [8, 4, 3, 3], geometry: { stride: [2, 2], padding: [1, 1, 1, 1] }, ruled: true },
  { x: [1, 2, 10, 10], w: [3, 2, 7, 7], geometry: { stride: [2, 2], padding: [3, 3, 3, 3] } },
  { x: [2, 6, 8, 7], w: [4, 3, 3, 2], geometry: { stride: [3, 2], padding: [0, 2, 1, 0], groups: 2 } },
  { x: [1, 5, 12, 9], w: [5, 1, 3, 3], geometry: { dilation: [2, 2], padding: [2, 2, 2, 2], groups: 5 } },
  { x: [2, 6, 9, 10], w: [12, 1, 5, 5], geometry: { padding: [2, 2, 2, 2], stride: [2, 2], groups: 6 } },
  { x: [1, 9, 7, 13], w: [9, 1, 3, 3], geometry: { padding: [1, 1, 1, 1], groups: 9 } },
  // Strips of columns: uneven widths and paddings, strides beyond the kernel, one row, a dilation across alone.
  { x: [3, 11, 13, 7], w: [11, 1, 5, 5], geometry: { padding: [2, 2, 2, 2], groups: 11 } },
  { x: [1, 3, 17, 14], w: [3, 1, 3, 3], geometry: { padding: [0, 1, 0, 1], stride: [2, 2], groups: 3 } },
  { x: [2, 4, 11, 10], w: [8, 1, 2, 3], geometry: { stride: [3, 2], groups: 4 } },
  { x: [1, 5, 1, 9], w: [5, 1, 3, 3], geometry: { padding: [1, 1, 1, 1], groups: 5 } },
  { x: [2, 2, 6, 1], w: [2, 1, 1, 1], geometry: { groups: 2 } },
  {
    x: [1, 7, 8, 12],
    w: [7, 1, 4, 3],
    geometry: { dilation: [1, 3], padding: [3, 0, 2, 4], groups: 7 },
  },
  { x: [1, 3, 2, 2], w: [2, 3, 3, 3], geometry: { padding: [2, 1, 1, 2], stride: [2, 1] } },
  { x: [4, 8, 6, 6], w: [8, 8, 2, 2], geometry: { stride: [2, 2] } },
  { x: [16, 3, 16, 16], w: [4, 3, 3, 3], geometry: { padding: [1, 1, 1, 1] } },
  // Large enough to be packed into textures on a CPU adapter.
  { x: [1, 16, 19, 23], w: [17, 16, 3, 3], geometry: { padding: [1, 1, 1, 1] }, packed: true },
  { x: [3, 5, 27, 22], w: [19, 5, 3, 3], geometry: { stride: [2, 2], padding: [1, 1, 1, 1] }, packed: true },
  { x: [2, 3, 33, 31], w: [9, 3, 7, 7], geometry: { stride: [2, 2], padding: [3, 3, 3, 3] }, packed: true },
  { x: [2, 37, 13, 11], w: [70, 37, 1, 1], geometry: {}, ruled: true },
  { x: [5, 34, 9, 9], w: [33, 34, 2, 2], geometry: { stride: [2, 2] }, packed: true },
  {
    x: [1, 12, 25, 20],
    w: [24, 12, 3, 2],
    geometry: { dilation: [2, 3], padding: [0, 4, 1, 2], stride: [1, 2] },
    packed: true,
  },
  // Its padded image is longer than a row of texels.
  { x: [1, 3, 101, 97], w: [5, 3, 7, 7], geometry: { stride: [2, 2], padding: [3, 3, 3, 3] }, packed: true },
  // More channels than a row of texels has room for, on either side.
  { x: [2, 1101, 5, 7], w: [17, 1101, 1, 1], geometry: {} },
  { x: [1, 17, 11, 9], w: [1101, 17, 1, 1], geometry: { stride: [2, 2] }, packed: true },
  { x: [4, 130, 3, 3], w: [65, 130, 3, 3], geometry: { padding: [1, 1, 1, 1] }, ruled: true },
];

/** Of `blocked`: its loads take a software adapter's compiler seconds in a tile that suits a GPU. */
const SMALLEST: BlockedTile = { m: 16, n: 32, k: 8, rows: 4, columns: 4, buffers: 1 };

const OTHERS = {
  blocked: { software: false },
  plain: { software: true, subgroupSize: 0 },
} as const satisfies Record<string, Partial<DeviceFacts>>;

function outShape(x: Shape, w: Shape, g: ConvGeometry): Shape {
  const side = (axis: 0 | 1): number =>
    Math.floor(
      (x[axis + 2]! +
        g.padding[axis * 2]! +
        g.padding[axis * 2 + 1]! -
        g.dilation[axis]! * (w[axis + 2]! - 1) -
        1) /
        g.stride[axis]!,
    ) + 1;
  return [x[0]!, w[0]!, side(0), side(1)];
}

function expectClose(got: Float32Array, want: Tensor64, label: string): void {
  for (let i = 0; i < got.length; i++) {
    const bound = 4 * 2 ** -24 * want.magnitude![i]! + 1e-30;
    if (!(Math.abs(got[i]! - want.data[i]!) <= bound)) {
      expect.fail(`${label}: element ${i} is ${got[i]}, expected ${want.data[i]} within ${bound}`);
    }
  }
}

async function check(
  lowering: ProductLowering<ConvolutionAttrs>,
  device: DeviceFacts,
  inputs: { shape: Shape; data: Float32Array }[],
  geometry: ConvGeometry,
  want: Tensor64,
  label: string,
  ruled: boolean,
): Promise<void> {
  const request: ProductRequest<ConvolutionAttrs> = {
    label,
    inputs: inputs.map(({ shape }) => ({ shape, element: 'f32' })),
    out: { shape: want.shape, element: 'f32' },
    attrs: { geometry },
  };
  const byRule = lowering(request, device);
  const isBlocked = byRule.steps.some(({ kernel }) => kernel.label.includes(' blocked '));
  const lowered =
    ruled || !isBlocked
      ? byRule
      : lowering({ ...request, choice: { variant: 'blocked', tile: SMALLEST } }, device);
  const data = inputs.map((each) => each.data);
  const first = await runLowered(lowered, data, product(want.shape));
  expectClose(first, want, label);
  expect(await runLowered(lowered, data, product(want.shape))).toEqual(first);
}

/** Tests convolutions and both gradients with what is taken on the adapter itself. */
export const testConvolutions = (): void => convolutionsWith('the adapter itself', {}, cases);

/** The same with what other adapters take. */
export function testOtherConvolutions(): void {
  for (const [name, facts] of Object.entries(OTHERS)) {
    convolutionsWith(
      name,
      facts,
      cases.filter(({ packed }) => !packed),
    );
  }
}

function convolutionsWith(name: string, facts: Partial<DeviceFacts>, tried: readonly Case[]): void {
  describe(`convolutions with ${name}`, () => {
    it.each(tried)(
      'a convolution matches float64: x $x, w $w, $geometry',
      async ({ x, w, geometry, ruled = false }) => {
        const gpu = await testDevice();
        const device = { ...gpu.facts, ...facts };
        const g = { ...plainGeometry, ...geometry };
        const y = outShape(x, w, g);
        const [xd, wd, yd] = [signed(x), signed(w), signed(y)];
        const [x64, w64, y64] = [tensor64(x, xd), tensor64(w, wd), tensor64(y, yd)];
        const X = { shape: x, data: xd };
        const W = { shape: w, data: wd };
        const Y = { shape: y, data: yd };
        await check(gemmKernels.conv2d, device, [X, W], g, conv2dReference(x64, w64, g, y), 'conv2d', ruled);
        await check(
          gemmKernels.conv2dInputGrad,
          device,
          [Y, W],
          g,
          conv2dInputGradReference(y64, w64, g, x),
          'input gradient',
          ruled,
        );
        await check(
          gemmKernels.conv2dWeightGrad,
          device,
          [X, Y],
          g,
          conv2dWeightGradReference(x64, y64, g, w),
          'weight gradient',
          ruled,
        );
      },
    );
  });
}
