import { describe, expect, it } from 'vitest';
import { floatToHalf, halfToFloat, packHalves } from '../../../src/float16.ts';
import type { ConvGeometry } from '../../../src/graph/ops/conv.ts';
import type { ProductChoice, ProductRequest } from '../../../src/kernels/gemm/choices.ts';
import { type ConvolutionAttrs, gemmKernels, type MatmulAttrs } from '../../../src/kernels/gemm/lowering.ts';
import type { DeviceFacts } from '../../../src/kernels/kernel.ts';
import type { Lowered, Lowering, OpRequest } from '../../../src/kernels/lowering.ts';
import { movementKernels } from '../../../src/kernels/movement.ts';
import { poolKernels } from '../../../src/kernels/pool.ts';
import { similarityKernels } from '../../../src/kernels/similarity.ts';
import { product, type Shape } from '../../../src/shape.ts';
import {
  conv2dInputGradReference,
  conv2dReference,
  conv2dWeightGradReference,
} from '../../../src/specs/reference/conv.ts';
import { matmulRef } from '../../../src/specs/reference/ops.ts';
import { type Tensor64, tensor64 } from '../../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from '../device.ts';
import { signed } from './random.ts';

/** Products over operands that are stored as f16, with results stored so: f32 sums of exactly what was stored. */

const rounded = (numbers: Float32Array): Float32Array =>
  numbers.map((value) => halfToFloat(floatToHalf(value)));
const half = (shape: Shape) => ({ shape, element: 'f16' as const });
const full = (shape: Shape) => ({ shape, element: 'f32' as const });

async function runHalf(lowered: Lowered, inputs: readonly Float32Array[], request: Omit<OpRequest, 'attrs'>) {
  const data = inputs.map((each, i) => (request.inputs[i]!.element === 'f16' ? packHalves(each) : each));
  const count = product(request.out.shape);
  const words = await runLowered(lowered, data, Math.ceil(count / 2));
  return Float32Array.from(new Uint16Array(words.buffer, 0, count), halfToFloat);
}

/** Beside the sum's own rounding one step of f16: WGSL leaves open whether it goes to the nearest. */
function expectClose(got: Float32Array, want: Tensor64, label: string, ulps = 4): void {
  for (const [i, value] of got.entries()) {
    const exact = want.data[i]!;
    const bound = ulps * 2 ** -24 * want.magnitude![i]! + 2 ** -10 * Math.abs(exact) + 2 ** -24;
    if (!(Math.abs(value - exact) <= bound))
      expect.fail(`${label}: element ${i} is ${value}, expected ${exact} within ${bound}`);
  }
}

const facts: Record<string, Partial<DeviceFacts>> = {
  'a GPU': { software: false },
  'a CPU adapter without subgroups': { software: true, subgroupSize: 0 },
  'the adapter itself': {},
};

const geometry: ConvGeometry = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 };
const convs: { name: string; x: Shape; w: Shape; y: Shape; g: ConvGeometry; choice?: ProductChoice }[] = [
  // An odd number of results: the last one has half a word.
  { name: 'few', x: [1, 3, 5, 5], w: [5, 3, 3, 3], y: [1, 5, 5, 5], g: geometry },
  { name: 'many', x: [2, 17, 20, 19], w: [24, 17, 3, 3], y: [2, 24, 20, 19], g: geometry },
  {
    name: 'through winograd',
    x: [1, 12, 22, 21],
    w: [19, 12, 3, 3],
    y: [1, 19, 22, 21],
    g: geometry,
    choice: { variant: 'winograd', tile: { m: 4, transposed: 0 } },
  },
  { name: 'a long sum', x: [1, 260, 3, 3], w: [8, 260, 3, 3], y: [1, 8, 3, 3], g: geometry },
  {
    name: 'depthwise',
    x: [1, 6, 9, 11],
    w: [6, 1, 3, 3],
    y: [1, 6, 9, 11],
    g: { ...geometry, groups: 6 },
  },
];

describe.each(Object.keys(facts))('f16 on %s', (name) => {
  const device = async (): Promise<DeviceFacts> => ({ ...(await testDevice()).facts, ...facts[name] });

  it.each(convs)(
    'conv2d in f16 matches float64 with scale, shift and residual: $name',
    async ({ x, w, y, g, choice }) => {
      const channel: Shape = [1, y[1]!, 1, 1];
      const [xd, wd, rd] = [x, w, y].map((shape) => rounded(signed(shape))) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const sd = signed(channel);
      const request: ProductRequest<ConvolutionAttrs> = {
        label: 'conv2d',
        inputs: [half(x), half(w), full(channel), half(y)],
        out: half(y),
        attrs: {
          geometry: g,
          epilogue: {
            inputs: 3,
            steps: [
              { fn: 'add', args: [0, 1], params: [] },
              { fn: 'add', args: [3, 2], params: [] },
            ],
          },
        },
        choice,
      };
      const sum = conv2dReference(tensor64(x, xd), tensor64(w, wd), g, y);
      const plane = y[2]! * y[3]!;
      const data = sum.data.map((value, i) => value + sd[Math.floor(i / plane) % y[1]!]! + rd[i]!);
      // Winograd's error within a tile follows its largest sum.
      const largest = sum.magnitude!.reduce((most, value) => Math.max(most, value), 0);
      const magnitude = choice ? sum.magnitude!.map(() => largest) : sum.magnitude!;
      const lowered = gemmKernels.conv2d(request, await device());
      const got = await runHalf(lowered, [xd, wd, sd, rd], request);
      expectClose(got, { ...sum, data, magnitude }, 'conv2d', choice ? 8 : 4);
      expect(await runHalf(lowered, [xd, wd, sd, rd], request)).toEqual(got);
    },
  );

  it('a transposed convolution in f16 matches float64', async () => {
    const [dy, w, x]: Shape[] = [
      [2, 24, 7, 9],
      [24, 15, 2, 2],
      [2, 15, 14, 18],
    ];
    const g: ConvGeometry = { ...geometry, padding: [0, 0, 0, 0], stride: [2, 2] };
    const [yd, wd] = [rounded(signed(dy!)), rounded(signed(w!))];
    const request: ProductRequest<ConvolutionAttrs> = {
      label: 'conv2dInputGrad',
      inputs: [half(dy!), half(w!)],
      out: half(x!),
      attrs: { geometry: g },
    };
    const want = conv2dInputGradReference(tensor64(dy!, yd), tensor64(w!, wd), g, x!);
    const lowered = gemmKernels.conv2dInputGrad(request, await device());
    expectClose(await runHalf(lowered, [yd, wd], request), want, 'conv2dInputGrad');
  });

  it.each<{ name: string; g: ConvGeometry; choice?: ProductChoice }>([
    { name: 'by the rule', g: { ...geometry, stride: [2, 1] } },
    {
      name: 'in textures',
      g: geometry,
      choice: { variant: 'textureOuter', tile: { quads: 4, positions: 2 } },
    },
    { name: 'through winograd', g: geometry, choice: { variant: 'winograd', tile: { m: 2, transposed: 0 } } },
  ])("a convolution's weight gradient in f16 matches float64: $name", async ({ g, choice }) => {
    const [x, w]: Shape[] = [
      [2, 13, 12, 10],
      [17, 13, 3, 3],
    ];
    const dy: Shape = [2, 17, 12 / g.stride[0], 10];
    const [xd, yd] = [rounded(signed(x!)), rounded(signed(dy))];
    const request: ProductRequest<ConvolutionAttrs> = {
      label: 'conv2dWeightGrad',
      inputs: [half(x!), half(dy)],
      out: full(w!),
      attrs: { geometry: g },
      choice,
    };
    const want = conv2dWeightGradReference(tensor64(x!, xd), tensor64(dy, yd), g, w!);
    const largest = want.magnitude!.reduce((most, value) => Math.max(most, value), 0);
    const lowered = gemmKernels.conv2dWeightGrad(request, await device());
    const got = await runLowered(lowered, [xd, yd].map(packHalves), product(w!));
    for (const [i, value] of got.entries()) {
      expect(Math.abs(value - want.data[i]!), `element ${i}`).toBeLessThanOrEqual(8 * 2 ** -24 * largest);
    }
  });

  it('a matrix product in f16 with one operand in f32 matches float64', async () => {
    const [a, b, y]: Shape[] = [
      [33, 300],
      [300, 47],
      [33, 47],
    ];
    const [ad, bd] = [signed(a!), rounded(signed(b!))];
    const request: ProductRequest<MatmulAttrs> = {
      label: 'matmul',
      inputs: [full(a!), half(b!)],
      out: half(y!),
      attrs: { transposeA: false, transposeB: false },
    };
    const want = matmulRef(tensor64(a!, ad), tensor64(b!, bd));
    const lowered = gemmKernels.matmul(request, await device());
    expectClose(await runHalf(lowered, [ad, bd], request), want, 'matmul');
  });

  it('copies, pads and pools convert to and from f16', async () => {
    const facts = await device();
    const [x, y]: Shape[] = [
      [1, 3, 4, 5],
      [1, 3, 2, 3],
    ];
    const xd = signed(x!);
    const run = async <A>(lowering: Lowering<A>, attrs: A, out: Shape) => {
      const request = { label: 'op', inputs: [full(x!)], out: half(out) };
      return runHalf(lowering({ ...request, attrs }, facts), [xd], request);
    };
    const exactly = rounded(xd);
    expect(await run(movementKernels.concat, { axis: 1 }, x!)).toEqual(exactly);
    expect(await run(movementKernels.permute, { order: [0, 1, 2, 3] }, x!)).toEqual(exactly);
    const none = [0, 0, 0, 0];
    const padded = await run(movementKernels.pad, { before: none, mode: 'constant', value: 1 }, [1, 3, 4, 6]);
    expect(padded.filter((_, i) => i % 6 < 5)).toEqual(exactly);
    expect(padded[5]).toBe(1);
    const window = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 1, 1], dilation: [1, 1] } as const;
    const dots = similarityKernels.rowDots(
      { label: 'op', inputs: [half([1, 60]), full([1, 60])], out: full([1, 3]), attrs: {} },
      facts,
    );
    const sums = await runLowered(dots, [packHalves(xd), xd], 3);
    const sum = (of: (i: number) => number): number => xd.reduce((total, _, i) => total + of(i), 0);
    for (const [i, want] of [
      sum((i) => exactly[i]! * xd[i]!),
      sum((i) => exactly[i]! ** 2),
      sum((i) => xd[i]! ** 2),
    ].entries())
      expect(Math.abs(sums[i]! - want)).toBeLessThan(60 * 2 ** -22);
    const dyd = signed(y!);
    for (const [name, inputs] of [
      ['maxPool2dGrad', [x!, y!]],
      ['avgPool2dGrad', [y!]],
    ] as const) {
      const data = inputs.map((shape) => (shape === x ? exactly : rounded(dyd)));
      const window = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 1, 1], dilation: [1, 1] } as const;
      const of = (spec: (shape: Shape) => OpRequest['inputs'][number]) => ({
        label: 'op',
        inputs: inputs.map((shape) => spec(shape)),
        out: spec(x!),
        attrs: { window },
      });
      const halved = await runHalf(poolKernels[name](of(half), facts), data, of(half));
      expect(halved, name).toEqual(rounded(await runLowered(poolKernels[name](of(full), facts), data, 60)));
    }
    const pooled = await run(poolKernels.maxPool2d, { window }, y!);
    expect(pooled[0]).toBe(Math.max(exactly[0]!, exactly[5]!));
  });
});

it('packs many as it rounds one', () => {
  const numbers = Float32Array.from({ length: 4001 }, (_, i) => (i % 2 ? 1 : -1) * 2 ** ((i - 2000) / 60));
  const ties = Float32Array.from([
    2049,
    2051,
    65519,
    65520,
    2 ** -14,
    2 ** -24,
    2 ** -25,
    0,
    -0,
    1 / 0,
    0 / 0,
  ]);
  for (const each of [numbers, ties]) {
    const packed = new Uint16Array(packHalves(each).buffer);
    expect([...packed.subarray(0, each.length)]).toEqual(Array.from(each, floatToHalf));
  }
});
