import { describe, expect, it } from 'vitest';
import { DEVICES } from '../../../src/kernels/devices.ts';
import { blockedInvocations } from '../../../src/kernels/gemm/blocked/blocked.ts';
import type { BlockedTile } from '../../../src/kernels/gemm/blocked/rule.ts';
import {
  candidateChoices,
  choiceText,
  familiesOf,
  isProductChoice,
  type ProductChoice,
  type ProductRequest,
  productKey,
} from '../../../src/kernels/gemm/choices.ts';
import { type ConvolutionAttrs, gemmKernels } from '../../../src/kernels/gemm/lowering.ts';
import { PRODUCT_OPS, type ProductOp } from '../../../src/kernels/gemm/variant.ts';
import { VARIANT_LIST, VARIANTS } from '../../../src/kernels/gemm/variants.ts';
import { BASELINE_DEVICE, type DeviceFacts } from '../../../src/kernels/kernel.ts';
import type { Lowered, OpRequest } from '../../../src/kernels/lowering.ts';
import { RandomStream } from '../../../src/random.ts';
import { product, type Shape } from '../../../src/shape.ts';
import {
  conv2dInputGradReference,
  conv2dReference,
  conv2dWeightGradReference,
} from '../../../src/specs/reference/conv.ts';
import { type Tensor64, tensor64 } from '../../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from '../device.ts';

const random = new RandomStream(4);
const signed = (shape: Shape): Float32Array =>
  Float32Array.from({ length: product(shape) }, () => 4 * random.next() - 2);
const textOf = ({ steps }: Lowered): string =>
  steps.map(({ kernel }) => `${kernel.grid} ${JSON.stringify(kernel.sizes)} ${kernel.wgsl}`).join();

const geometry = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
const [X, W, Y]: Shape[] = [
  [2, 5, 12, 9],
  [19, 5, 3, 3],
  [2, 19, 12, 9],
];
const [x, w, y] = [signed(X!), signed(W!), signed(Y!)];
const [x64, w64, y64] = [tensor64(X!, x), tensor64(W!, w), tensor64(Y!, y)];

const products: Record<
  Exclude<ProductOp, 'matmul'>,
  { inputs: [Shape, Shape]; data: Float32Array[]; want: Tensor64 }
> = {
  conv2d: { inputs: [X!, W!], data: [x, w], want: conv2dReference(x64, w64, geometry, Y!) },
  conv2dInputGrad: { inputs: [Y!, W!], data: [y, w], want: conv2dInputGradReference(y64, w64, geometry, X!) },
  conv2dWeightGrad: {
    inputs: [X!, Y!],
    data: [x, y],
    want: conv2dWeightGradReference(x64, y64, geometry, W!),
  },
};
const requestOf = (op: keyof typeof products, choice?: ProductChoice): ProductRequest<ConvolutionAttrs> => ({
  label: op,
  inputs: products[op].inputs.map((shape) => ({ shape, element: 'f32' })),
  out: { shape: products[op].want.shape, element: 'f32' },
  attrs: { geometry },
  choice,
});

/** Few that have every value of every side of the tiles: all of them would compile for minutes on a CPU adapter. */
function covering(choices: readonly ProductChoice[]): ProductChoice[] {
  const covered = new Set<string>();
  return choices.filter(({ variant, tile }) => {
    const values = Object.entries(tile).map(([side, value]) => `${variant} ${side} ${value}`);
    const adds = values.some((value) => !covered.has(value));
    for (const value of values) covered.add(value);
    return adds;
  });
}

/** A GPU's tiles that fewer invocations share than it takes fit nothing. */
const shared = ({ variant, tile }: ProductChoice): boolean =>
  variant !== 'blocked' || blockedInvocations(tile as BlockedTile) >= 32;
/** Large tiles of a GPU compile for half a minute on a CPU adapter: each size once. */
const sizeOf = ({ variant, tile }: ProductChoice): number => {
  if (variant !== 'blocked') return 0;
  const { m, n, rows, columns, k, buffers } = tile as BlockedTile;
  return rows * columns * 1e6 + m * n + k + buffers;
};
const smallFirst = (a: ProductChoice, b: ProductChoice): number => sizeOf(a) - sizeOf(b);

const ops = Object.keys(products) as (keyof typeof products)[];
/** A GPU's kernels take a CPU adapter seconds each to compile; their tiles do not depend on the op. */
const adapters: { name: string; facts: Partial<DeviceFacts>; of: typeof ops }[] = [
  { name: 'this adapter', facts: {}, of: ops },
  { name: 'a GPU', facts: { software: false }, of: ['conv2d'] },
];

describe.each(adapters)('every choice for $name', ({ facts, of }) => {
  it.each(of)(
    'every choice for %s computes what float64 does',
    async (op) => {
      const device = { ...(await testDevice()).facts, ...facts };
      const { data, want } = products[op];
      const largest = want.magnitude!.reduce((most, value) => Math.max(most, value), 0);
      const seen = new Set<string>();
      for (const choice of covering(candidateChoices(op, device).flat().filter(shared).sort(smallFirst))) {
        expect(isProductChoice(choice), choiceText(choice)).toBe(true);
        const lowered = gemmKernels[op](requestOf(op, choice), device);
        if (seen.has(textOf(lowered))) continue;
        seen.add(textOf(lowered));
        const got = await runLowered(lowered, data, product(want.shape));
        for (const [i, value] of got.entries()) {
          // Winograd rounds within a tile of results: each error is held against the largest sum, as in winograd.test.ts.
          const magnitude = choice.variant === 'winograd' ? largest : want.magnitude![i]!;
          const bound = (choice.variant === 'winograd' ? 8 : 4) * 2 ** -24 * magnitude + 1e-30;
          if (Math.abs(value - want.data[i]!) <= bound) continue;
          expect.fail(
            `${choiceText(choice)}: element ${i} is ${value}, expected ${want.data[i]} within ${bound}`,
          );
        }
      }
      expect(seen.size).toBeGreaterThan(3);
    },
    600_000,
  );
});

describe('a depthwise convolution', () => {
  const strided = { stride: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 1], groups: 6 } as const;
  const shapes: [Shape, Shape, Shape] = [
    [2, 6, 13, 9],
    [12, 1, 3, 3],
    [2, 12, 6, 10],
  ];
  const data = shapes.slice(0, 2).map(signed);
  const [images, weights] = data.map((numbers, i) => tensor64(shapes[i]!, numbers)) as [Tensor64, Tensor64];
  const want = conv2dReference(images, weights, strided, shapes[2]);
  const tiles: ProductChoice[] = [
    ...VARIANTS.depthwise.tiles.run.map((run) => ({ variant: 'depthwise', tile: { run } }) as const),
    ...VARIANTS.depthwiseStrips.tiles.columns.map(
      (columns) => ({ variant: 'depthwiseStrips', tile: { columns } }) as const,
    ),
    { variant: 'plain', tile: { rows: 2 } },
  ];

  it.each(tiles)('a depthwise convolution computes what float64 does by $variant $tile', async (choice) => {
    const device = { ...(await testDevice()).facts, software: true };
    const lowered = gemmKernels.conv2d(
      {
        label: 'conv2d',
        inputs: shapes.slice(0, 2).map((shape) => ({ shape, element: 'f32' })),
        out: { shape: shapes[2], element: 'f32' },
        attrs: { geometry: strided },
        choice,
      },
      device,
    );
    const named = { depthwise: 'depthwise', depthwiseStrips: 'depthwise strips', plain: 'plain 2' };
    expect(lowered.steps[0]!.kernel.label).toBe(`conv2d ${named[choice.variant as keyof typeof named]}`);
    const got = await runLowered(lowered, data, product(shapes[2]));
    for (const [i, value] of got.entries()) {
      expect(Math.abs(value - want.data[i]!)).toBeLessThanOrEqual(4 * 2 ** -24 * want.magnitude![i]! + 1e-30);
    }
  });
});

describe('a choice', () => {
  it('a choice that does not fit leaves the product to the rule', () => {
    const rule = textOf(gemmKernels.conv2d(requestOf('conv2d'), BASELINE_DEVICE));
    const subgroups = { variant: 'subgroupRows', tile: { rows: 8, columns: 2 } } as const;
    const textures = { variant: 'textureRows', tile: { rows: 1, columns: 1 } } as const;
    for (const choice of [subgroups, textures]) {
      expect(textOf(gemmKernels.conv2d(requestOf('conv2d', choice), BASELINE_DEVICE))).toBe(rule);
    }
    const fitting = { variant: 'plain', tile: { rows: 2 }, splits: 2 } as const;
    expect(textOf(gemmKernels.conv2d(requestOf('conv2d', fitting), BASELINE_DEVICE))).not.toBe(rule);
  });

  it.each([
    [{ variant: 'plain', tile: { rows: 4 } }, true],
    [{ variant: 'plain', tile: { rows: 4 }, splits: 8 }, true],
    [{ variant: 'plain', tile: { rows: 3 } }, false],
    [{ variant: 'plain', tile: { rows: 4, columns: 1 } }, false],
    [{ variant: 'plain', tile: { rows: 4 }, splits: 0 }, false],
    [{ variant: 'textureRows', tile: { rows: 2, columns: 4 }, splits: 2 }, false],
    [{ variant: 'textureRows', tile: { rows: '2', columns: 4 } }, false],
    [{ variant: 'winograd', tile: { m: 4, transposed: 1 } }, true],
    [{ variant: 'winograd', tile: { m: 3, transposed: 1 } }, false],
    [{ variant: 'toString', tile: {} }, false],
    [{ variant: 'plain', tile: { rows: 4 }, more: 1 }, false],
    [null, false],
  ])('a choice read from a file is checked: %j', (value, right) => {
    expect(isProductChoice(value)).toBe(right);
  });
});

describe('tuning', () => {
  const devices: DeviceFacts[] = [
    BASELINE_DEVICE,
    { ...BASELINE_DEVICE, software: true },
    { ...DEVICES.gpu, subgroupMatrix: { m: 16, n: 16, k: 16 } },
    DEVICES.cpu,
  ];

  it.each(VARIANT_LIST)('tuning tries $name on some adapter, no tile of it twice', (variant) => {
    const tried = devices.flatMap((device) =>
      PRODUCT_OPS.map((op) =>
        candidateChoices(op, device)
          .flat()
          .filter((choice) => choice.variant === variant.name),
      ),
    );
    expect(tried.some((choices) => choices.length > 0)).toBe(true);
    for (const choices of tried) {
      expect(choices.filter((choice) => !isProductChoice(choice))).toEqual([]);
      expect(new Set(choices.map(choiceText)).size).toBe(choices.length);
    }
  });

  it('tuning tries all tiles of a variant without a rule for it', () => {
    const { tuning: _, ...silent } = VARIANTS.plain;
    expect(familiesOf(silent, 'matmul', DEVICES.cpu)).toEqual([[1, 2, 4, 8].map((rows) => ({ rows }))]);
    expect(familiesOf(VARIANTS.plain, 'matmul', DEVICES.cpu)).toEqual([]);
  });
});

describe('the key of a product', () => {
  const request = requestOf('conv2d');
  it('the key of a product names all that the choice depends on, and no layer', () => {
    expect(productKey('conv2d', request)).toBe(
      'conv2d 2x5x12x9 19x5x3x3 to 2x19x12x9 dilation 1,1 groups 1 padding 1,1,1,1 stride 1,1',
    );
    const epilogue = { inputs: 2, steps: [{ fn: 'add', args: [0, 1], params: [] }] };
    const with3 = (shape: Shape): OpRequest['inputs'] => [...request.inputs, { shape, element: 'f32' }];
    const others: Partial<OpRequest>[] = [
      { constant: [false, true] },
      { attrs: { geometry: { ...geometry, stride: [2, 2] } } },
      { attrs: { geometry, epilogue }, inputs: with3([1, 19, 1, 1]) },
      { attrs: { geometry, epilogue }, inputs: with3(request.out.shape) },
      { inputs: [request.inputs[0]!, { ...request.inputs[1]!, element: 'f16' }] },
    ];
    const keys = [{}, ...others].map((change) => productKey('conv2d', { ...request, ...change }));
    expect(new Set(keys).size).toBe(6);
    expect(keys.slice(3, 5)).toEqual([`${keys[0]} + channel`, `${keys[0]} + residual`]);
    expect(productKey('conv2d', { ...request, label: 'layer1 conv2d' })).toBe(keys[0]);
  });
});
