import { describe, expect, it } from 'vitest';
import { create, globals } from 'webgpu';
import { floatToHalf, halfToFloat, packHalves } from '../../../src/float16.ts';
import { SUBGROUP_MATRIX, UNSAFE_APIS } from '../../../src/gpu/subgroupMatrix.ts';
import {
  candidateChoices,
  type ProductChoice,
  type ProductRequest,
} from '../../../src/kernels/gemm/choices.ts';
import { type ConvolutionAttrs, gemmKernels, type MatmulAttrs } from '../../../src/kernels/gemm/lowering.ts';
import type { GemmProblem } from '../../../src/kernels/gemm/problem.ts';
import {
  type SubgroupMatrixTile,
  subgroupMatrix as subgroupMatrixVariant,
} from '../../../src/kernels/gemm/subgroupMatrix.ts';
import { BASELINE_DEVICE, type DeviceFacts, read } from '../../../src/kernels/kernel.ts';
import type { Lowered } from '../../../src/kernels/lowering.ts';
import { openDevice } from '../../../src/runtime/gpu.ts';
import { product, type Shape } from '../../../src/shape.ts';
import { conv2dReference } from '../../../src/specs/reference/conv.ts';
import { matmulRef, transposeRef } from '../../../src/specs/reference/ops.ts';
import { type Tensor64, tensor64 } from '../../../src/specs/reference/tensor64.ts';
import { runLowered, testDevice } from '../device.ts';
import { signed } from './random.ts';

/**
 * No adapter of ours has subgroup matrices. So the kernels are compiled as they are on Dawn's Null backend, and run with
 * each matrix written out as an array that every lane holds: all but the hardware's own multiplication is then checked.
 */

const GPU: DeviceFacts = {
  ...BASELINE_DEVICE,
  f16: true,
  subgroupSize: 32,
  subgroupMatrix: { m: 16, n: 16, k: 16 },
  workgroupBytes: 49_152,
};

/** A CPU adapter compiles what every lane does with whole matrices for half a minute. */
const SLOW = 400_000;

const geometry = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
/** An op ignores what is another's. */
type AnyAttrs = ConvolutionAttrs & MatmulAttrs;
const untransposed = { transposeA: false, transposeB: false } as const;
const spec = (shape: Shape, element: 'f32' | 'f16' = 'f16') => ({ shape, element });
const conv = (choice?: ProductChoice): ProductRequest<AnyAttrs> => ({
  label: 'conv2d',
  inputs: [spec([1, 5, 7, 9]), spec([33, 5, 3, 3]), spec([1, 33, 1, 1], 'f32')],
  out: spec([1, 33, 7, 9]),
  attrs: {
    ...untransposed,
    geometry,
    epilogue: { inputs: 2, steps: [{ fn: 'add', args: [0, 1], params: [] }] },
  },
  choice,
});
const pointwise = (choice?: ProductChoice): ProductRequest<AnyAttrs> => ({
  label: 'conv2d',
  inputs: [spec([1, 20, 6, 6]), spec([36, 20, 1, 1])],
  out: spec([1, 36, 6, 6]),
  attrs: { ...untransposed, geometry: { ...geometry, padding: [0, 0, 0, 0] } },
  choice,
});
const matmul = (choice?: ProductChoice): ProductRequest<AnyAttrs> => ({
  label: 'matmul',
  inputs: [spec([34, 40]), spec([36, 34])],
  out: spec([40, 36]),
  attrs: { geometry, transposeA: true, transposeB: true },
  choice,
});

/** All that `fits` asks of one. */
const anyProblem = {
  a: { binding: read('a', 4, 'f16') },
  b: { binding: read('b', 4, 'f16') },
} as GemmProblem;
const choiceOf = (tile: SubgroupMatrixTile): ProductChoice => ({
  variant: 'subgroupMatrix',
  tile,
  splits: 1,
});

describe('subgroup matrices', () => {
  it('subgroup matrices compile on the Null backend in every tile and size', async () => {
    Object.assign(globalThis, globals);
    const gpu = create(['backend=null', UNSAFE_APIS]);
    const adapter = await gpu.requestAdapter({});
    const device = await adapter!.requestDevice({
      requiredFeatures: ['shader-f16', 'subgroups', SUBGROUP_MATRIX as GPUFeatureName],
    });
    const failures: string[] = [];
    let [compiled, pipelines] = [0, 0];
    for (const subgroupMatrix of [
      { m: 16, n: 16, k: 16 },
      { m: 8, n: 16, k: 16 },
      { m: 8, n: 8, k: 8 },
    ]) {
      const facts = { ...GPU, subgroupMatrix };
      const tiles = candidateChoices('conv2d', facts)
        .flat()
        .filter(({ variant }) => variant === 'subgroupMatrix');
      for (const { tile } of tiles) {
        for (const request of [conv, pointwise]) {
          const [{ kernel }] = gemmKernels.conv2d(request(choiceOf(tile as SubgroupMatrixTile)), facts)
            .steps as [Lowered['steps'][number]];
          if (!kernel.label.includes('subgroupMatrix')) continue;
          compiled += 1;
          const module = device.createShaderModule({ code: kernel.wgsl });
          const { messages } = await module.getCompilationInfo();
          for (const { type, message } of messages) failures.push(`${kernel.label}: ${type}: ${message}`);
          // The Null adapter has the least of workgroup memory, and refuses pipelines that need more.
          const small = { ...facts, workgroupBytes: BASELINE_DEVICE.workgroupBytes };
          if (subgroupMatrixVariant.fits(tile as SubgroupMatrixTile, anyProblem, small) !== true) continue;
          pipelines += 1;
          await device
            .createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: 'main' } })
            .catch((error: Error) => failures.push(`${kernel.label}: ${error.message}`));
        }
      }
    }
    expect(failures).toEqual([]);
    expect(compiled).toBeGreaterThan(40);
    expect(pipelines).toBeGreaterThan(10);
    device.destroy();
    // Referred to until here: a collected one takes the process with it.
    expect(gpu).toBeDefined();
  });

  it.each([
    ['a convolution with its epilogue', 'conv2d', conv],
    ['a convolution 1x1', 'conv2d', pointwise],
    ['a matrix product, both transposed', 'matmul', matmul],
  ] as const)(
    '%s in subgroup matrices written out matches float64',
    async (_, op, request) => {
      const facts: DeviceFacts = {
        ...(await testDevice()).facts,
        software: false,
        subgroupMatrix: { m: 8, n: 8, k: 8 },
      };
      const asked = request(choiceOf({ m: 32, n: 32, k: 16 }));
      const data = asked.inputs.map(({ shape }) =>
        signed(shape).map((value) => halfToFloat(floatToHalf(value))),
      );
      const lowered = gemmKernels[op](asked, facts);
      expect(lowered.steps[0]!.kernel.label).toContain('subgroupMatrix');
      const packed = data.map((each, i) => (asked.inputs[i]!.element === 'f16' ? packHalves(each) : each));
      const count = product(asked.out.shape);
      const words = await runLowered(writtenOut(lowered), packed, Math.ceil(count / 2));
      const want = wanted(op, asked, data);
      new Uint16Array(words.buffer, 0, count).forEach((bits, i) => {
        const [value, exact] = [halfToFloat(bits), want.data[i]!];
        const bound = 4 * 2 ** -24 * want.magnitude![i]! + 2 ** -10 * Math.abs(exact) + 2 ** -24;
        if (!(Math.abs(value - exact) <= bound))
          expect.fail(`element ${i} is ${value}, expected ${exact} within ${bound}`);
      });
    },
    SLOW,
  );

  it('subgroup matrices are taken by the rule for f16 alone, and only on a device opened with them', () => {
    const labels = (request: ProductRequest<ConvolutionAttrs>, facts: DeviceFacts): string =>
      gemmKernels
        .conv2d(request, facts)
        .steps.map(({ kernel }) => kernel.label)
        .join();
    expect(labels(conv(), GPU)).toContain('subgroupMatrix');
    const { subgroupMatrix: _, ...without } = GPU;
    expect(labels(conv(), without)).not.toContain('subgroupMatrix');
    const full = { ...conv(), inputs: conv().inputs.map(({ shape }) => spec(shape, 'f32')) };
    expect(labels(full, GPU)).not.toContain('subgroupMatrix');
  });

  it('subgroup matrices are refused where the adapter lists none', async () => {
    const { name } = (await testDevice()).adapter;
    await expect(openDevice({ subgroupMatrix: true })).rejects.toThrow(
      `${name} offers no subgroup matrices of f16 that are summed in f32; it offers none`,
    );
  });
});

function wanted(
  op: 'conv2d' | 'matmul',
  request: ProductRequest<ConvolutionAttrs>,
  data: readonly Float32Array[],
): Tensor64 {
  const { attrs, out } = request;
  const [a, b] = data.map((each, i) => tensor64(request.inputs[i]!.shape, each)) as [Tensor64, Tensor64];
  if (op === 'matmul') return matmulRef(transposeRef(a), transposeRef(b));
  const sum = conv2dReference(a, b, attrs.geometry, out.shape);
  if (!attrs.epilogue) return sum;
  const plane = out.shape[2]! * out.shape[3]!;
  return { ...sum, data: sum.data.map((value, i) => value + data[2]![Math.floor(i / plane)]!) };
}

/** Matrices of 8 x 8 as arrays in every lane. */
const WRITTEN_OUT = `
alias Left = array<f32, 64>;
alias Right = array<f32, 64>;
alias Sum = array<f32, 64>;
fn load_a(at: u32, stride: u32) -> Left {
  var x: Left;
  for (var i = 0u; i < 64u; i++) { x[i] = f32(tile_a[at + i / 8u * stride + i % 8u]); }
  return x;
}
fn load_b(at: u32, stride: u32) -> Right {
  var x: Right;
  for (var i = 0u; i < 64u; i++) { x[i] = f32(tile_b[at + i / 8u * stride + i % 8u]); }
  return x;
}
fn load_b_columns(at: u32, stride: u32) -> Right {
  var x: Right;
  for (var i = 0u; i < 64u; i++) { x[i] = f32(tile_b[at + i % 8u * stride + i / 8u]); }
  return x;
}
fn multiply(left: Left, right: Right, sum: Sum) -> Sum {
  var a = left;
  var b = right;
  var x = sum;
  for (var i = 0u; i < 64u; i++) {
    for (var k = 0u; k < 8u; k++) { x[i] += a[i / 8u * 8u + k] * b[k * 8u + i % 8u]; }
  }
  return x;
}
fn keep(at: u32, sum: Sum, stride: u32) {
  var x = sum;
  for (var i = 0u; i < 64u; i++) { sums[at + i / 8u * stride + i % 8u] = x[i]; }
}
`;

function writtenOut(lowered: Lowered): Lowered {
  const steps = lowered.steps.map(({ kernel, operands }) => {
    if (!kernel.label.includes('subgroupMatrix')) return { kernel, operands };
    const wgsl = kernel.wgsl
      .replace('enable chromium_experimental_subgroup_matrix;\n', '')
      .replace(/^alias .*$/gm, '')
      .replace(/@diagnostic\(.*\)\n/, '')
      .replaceAll('subgroupMatrixLoad<Left, row_major>(&tile_a, ', 'load_a(')
      .replaceAll('subgroupMatrixLoad<Right, row_major>(&tile_b, ', 'load_b(')
      .replaceAll('subgroupMatrixLoad<Right, col_major>(&tile_b, ', 'load_b_columns(')
      .replaceAll('subgroupMatrixMultiplyAccumulate(', 'multiply(')
      .replaceAll('subgroupMatrixStore<row_major>(&sums, ', 'keep(');
    return { kernel: { ...kernel, wgsl: wgsl + WRITTEN_OUT }, operands };
  });
  return { ...lowered, steps };
}
