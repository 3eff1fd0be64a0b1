import { describe, expect, it } from 'vitest';
import { create, globals } from 'webgpu';
import type { ConvGeometry } from '../../../src/graph/ops/conv.ts';
import type { BlockedTile } from '../../../src/kernels/gemm/blocked/rule.ts';
import { candidateChoices, type ProductRequest } from '../../../src/kernels/gemm/choices.ts';
import { type ConvolutionAttrs, gemmKernels, type MatmulAttrs } from '../../../src/kernels/gemm/lowering.ts';
import type { ProductOp } from '../../../src/kernels/gemm/variant.ts';
import { BASELINE_DEVICE, type DeviceFacts, type Kernel } from '../../../src/kernels/kernel.ts';

import { product, type Shape } from '../../../src/shape.ts';
import {
  conv2dInputGradReference,
  conv2dReference,
  conv2dWeightGradReference,
} from '../../../src/specs/reference/conv.ts';
import { matmulRef, transposeRef } from '../../../src/specs/reference/ops.ts';
import { type Tensor64, tensor64 } from '../../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from '../device.ts';
import { signed } from './random.ts';

/** The GPU's kernels, on every way in which an operand lies in memory. */

// Its rates know of no second-level cache, so that the smallest products may have taps first.
const GPU: DeviceFacts = { ...BASELINE_DEVICE, workgroupBytes: 49_152, family: 'apple' };
const g = (change: Partial<ConvGeometry>): ConvGeometry => ({
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  ...change,
});

/** An op ignores what is another's. */
type AnyAttrs = ConvolutionAttrs & MatmulAttrs;

interface Case {
  readonly name: string;
  readonly op: ProductOp;
  readonly inputs: readonly [Shape, Shape];
  readonly out: Shape;
  readonly attrs: Partial<AnyAttrs>;
  /** The weights are the same at every run, so that copying them costs nothing. */
  readonly still?: true;
  readonly want: (a: Tensor64, b: Tensor64) => Tensor64;
}

const conv = (name: string, x: Shape, w: Shape, out: Shape, geometry: ConvGeometry): Case => ({
  name,
  op: 'conv2d',
  inputs: [x, w],
  out,
  attrs: { geometry },
  want: (a, b) => conv2dReference(a, b, geometry, out),
});
const matmul = (name: string, transposeA: boolean, transposeB: boolean, k = 36): Case => ({
  name,
  op: 'matmul',
  inputs: [transposeA ? [k, 44] : [44, k], transposeB ? [40, k] : [k, 40]],
  out: [44, 40],
  attrs: { transposeA, transposeB },
  want: (a, b) => matmulRef(transposeA ? transposeRef(a) : a, transposeB ? transposeRef(b) : b),
});

const inputGrad = (name: string, dy: Shape, w: Shape, out: Shape, geometry: ConvGeometry): Case => ({
  name,
  op: 'conv2dInputGrad',
  inputs: [dy, w],
  out,
  attrs: { geometry },
  want: (a, b) => conv2dInputGradReference(a, b, geometry, out),
});
const weightGrad = (name: string, x: Shape, dy: Shape, out: Shape, geometry: ConvGeometry): Case => ({
  name,
  op: 'conv2dWeightGrad',
  inputs: [x, dy],
  out,
  attrs: { geometry },
  want: (a, b) => conv2dWeightGradReference(a, b, geometry, out),
});

const [same, wide] = [g({ padding: [1, 1, 1, 1] }), g({ stride: [2, 2] })];
const everySecond = weightGrad(
  'weight gradient of 1x1 at stride 2, every second pixel of two fours',
  [3, 36, 5, 16],
  [3, 20, 3, 8],
  [20, 36, 1, 1],
  wide,
);
const cases: readonly Case[] = [
  everySecond,
  conv('3x3, weights in fours', [2, 4, 9, 7], [20, 4, 3, 3], [2, 20, 9, 7], same),
  conv('stem-like, no fours', [1, 3, 9, 10], [18, 3, 3, 3], [1, 18, 9, 10], same),
  conv('1x1, positions in fours', [2, 20, 4, 6], [36, 20, 1, 1], [2, 36, 4, 6], g({})),
  conv('1x1 at stride 2', [1, 20, 8, 8], [36, 20, 1, 1], [1, 36, 4, 4], wide),
  conv('groups', [1, 24, 6, 6], [40, 12, 1, 1], [1, 40, 6, 6], g({ groups: 2 })),
  matmul('rows in fours', false, false),
  matmul('columns in fours', true, true),
  matmul('no fours along k', false, true, 37),
  inputGrad('transposed convolution, four phases', [1, 20, 4, 6], [20, 18, 2, 2], [1, 18, 8, 12], wide),
  inputGrad('input gradient of 1x1', [1, 20, 4, 6], [20, 36, 1, 1], [1, 36, 4, 6], g({})),
  weightGrad(
    'weight gradient of 1x1, both in fours along k',
    [3, 36, 4, 5],
    [3, 20, 4, 5],
    [20, 36, 1, 1],
    g({}),
  ),
  weightGrad('weight gradient of 3x3', [2, 5, 6, 7], [2, 20, 6, 7], [20, 5, 3, 3], same),
  weightGrad('weight gradient of 3x3, fours of a row', [2, 5, 6, 8], [2, 20, 6, 8], [20, 5, 3, 3], same),
  weightGrad(
    'weight gradient at stride 2, fours of a row',
    [1, 6, 9, 9],
    [1, 20, 5, 4],
    [20, 6, 1, 2],
    g({ stride: [2, 2], padding: [0, 0, 0, 0] }),
  ),
];
/** Sums in the other order of terms. */
const tapsFirst: readonly Case[] = [
  { ...conv('3x3', [2, 32, 5, 7], [20, 32, 3, 3], [2, 20, 5, 7], same), still: true },
  {
    ...conv(
      'groups, dilated',
      [1, 32, 9, 6],
      [24, 16, 3, 2],
      [1, 24, 5, 5],
      g({ groups: 2, dilation: [2, 1] }),
    ),
    still: true,
  },
  {
    ...inputGrad(
      'input gradient at stride 2',
      [1, 32, 4, 6],
      [32, 12, 3, 3],
      [1, 12, 8, 12],
      g({ stride: [2, 2], padding: [1, 1, 1, 1] }),
    ),
    still: true,
  },
  {
    ...inputGrad(
      'input gradient of groups',
      [2, 32, 5, 3],
      [32, 8, 3, 3],
      [2, 16, 5, 3],
      g({ groups: 2, padding: [1, 1, 1, 1] }),
    ),
    still: true,
  },
];

const lowered = (
  { name, op, inputs, out, attrs, still }: Case,
  tile: BlockedTile,
  splits = 1,
  device = GPU,
) => {
  const request: ProductRequest<AnyAttrs> = {
    label: name,
    inputs: inputs.map((shape) => ({ shape, element: 'f32' })),
    out: { shape: out, element: 'f32' },
    attrs: { geometry: same, transposeA: false, transposeB: false, ...attrs },
    ...(still && { constant: [false, true] }),
    choice: { variant: 'blocked', tile, splits },
  };
  return gemmKernels[op](request, device);
};

const small: BlockedTile = { m: 16, n: 32, k: 8, rows: 4, columns: 4, buffers: 2 };

describe('blocked kernels match float64', () => {
  it.each(cases)('a blocked kernel matches float64: $name', async (each) => {
    await testDevice();
    await check(each, small, 1);
  });

  it.each(tapsFirst)('blocked kernels match float64 with taps first: $name', async (each) => {
    const [first, , third] = tapsFirst;
    const cut = each === first || each === third;
    await check(each, { ...small, k: cut ? 16 : 8 }, cut ? 2 : 1);
  });

  it('blocked kernels match float64 in every shape of tile, and with parts of a sum', async () => {
    const [, first, , pointwise] = cases as [Case, Case, Case, Case];
    await check(first, { ...small, n: 64, k: 16, columns: 8, buffers: 1 }, 1);
    await check(pointwise, { ...small, m: 64, n: 64, rows: 8, columns: 8 }, 1);
    // Parts of 16 terms; the last ones lie beyond the sum.
    for (const each of [first, cases.at(-2)!, cases.at(-4)!, cases.at(-6)!]) await check(each, small, 4);
    // Most parts are empty; they are added 16 at a time.
    await check(everySecond, small, 32);
  });
});

async function check(each: Case, tile: BlockedTile, splits: number): Promise<void> {
  const data = each.inputs.map(signed);
  const [a, b] = each.inputs.map((shape, i) => tensor64(shape, data[i]!)) as [Tensor64, Tensor64];
  const want = each.want(a, b);
  const steps = lowered(each, tile, splits);
  const copied = each.still ? 1 : 0;
  if (copied) expect(steps.steps[0]!.kernel.label).toContain('taps first');
  expect(steps.steps[copied]!.kernel.label).toContain('blocked');
  expect(steps.scratch.length).toBe(copied + (splits > 1 ? 1 : 0));
  const got = await runLowered(steps, data, product(each.out));
  for (const [i, value] of got.entries()) {
    const bound = 4 * 2 ** -24 * want.magnitude![i]! + 1e-30;
    if (!(Math.abs(value - want.data[i]!) <= bound))
      expect.fail(`${each.name}: element ${i} is ${value}, expected ${want.data[i]} within ${bound}`);
  }
  expect(await runLowered(steps, data, product(each.out))).toEqual(got);
}

it('every tile that fits compiles for every case', async () => {
  Object.assign(globalThis, globals);
  const gpu = create(['backend=null']);
  const adapter = await gpu.requestAdapter({});
  const device = await adapter!.requestDevice({
    requiredLimits: { maxComputeWorkgroupStorageSize: adapter!.limits.maxComputeWorkgroupStorageSize },
  });
  const facts = { ...GPU, workgroupBytes: adapter!.limits.maxComputeWorkgroupStorageSize };
  const kernels = new Map<string, Kernel>();
  const tiles = candidateChoices('conv2d', facts)
    .flat()
    .filter(({ variant }) => variant === 'blocked')
    .map(({ tile }) => tile as BlockedTile);
  // Not each with each: every tile for one case, and each case for some.
  for (const [t, tile] of tiles.entries()) {
    for (const [c, each] of [...cases, ...tapsFirst].entries()) {
      if ((t + c) % 5 > 0 && c > 0) continue;
      for (const { kernel } of lowered(each, tile, 1, facts).steps) kernels.set(kernel.wgsl, kernel);
    }
  }
  const failures: string[] = [];
  await Promise.all(
    [...kernels.values()].map(async ({ wgsl, label }) => {
      const module = device.createShaderModule({ code: wgsl });
      await device
        .createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
        .catch((error: Error) => failures.push(`${label}: ${error.message}`));
    }),
  );
  expect(failures).toEqual([]);
  expect(kernels.size).toBeGreaterThan(100);
  device.destroy();
  // Referred to until here: a collected one takes the process with it.
  expect(gpu).toBeDefined();
});
