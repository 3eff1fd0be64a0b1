/** A 3x3 convolution at stride 1 through Winograd's domain, as dispatches. */
import { type DeviceFacts, textureWords } from '../../kernel.ts';
import type { Lowered } from '../../lowering.ts';
import { type GemmProblem, gemmFlops } from '../problem.ts';
import type { WeightLayout } from '../textures/weightTexture.ts';
import {
  kernelOperand,
  tileOperand,
  transformPixels,
  transformResults,
  transformWeights,
  type WinogradConv,
} from './convolution.ts';
import { winogradProduct } from './product.ts';
import { operandTexture } from './tiles.ts';

/** Transform both operands, one product per point, transform back. */
export function winogradSteps(
  problem: GemmProblem,
  plan: WinogradConv,
  layout: WeightLayout,
  constant: boolean,
  device: DeviceFacts,
): Lowered {
  const { conv, products, tiles, transposed } = plan;
  const { m: size, points } = plan.transform;
  const [w, x] = [problem.a.binding.element, problem.b.binding.element];
  const [m, n, z] = [products.rows, products.x.out, points ** 2];
  const inDomain: GemmProblem = {
    ...problem,
    label: `${problem.label} winograd ${size}`,
    m,
    n,
    k: conv.channels,
    z,
    store: transposed
      ? { row: (tile, point) => `${point} * sizes.point + ${tile}`, column: (c) => `${c} * sizes.m` }
      : { row: (r, point) => `${point} * sizes.point + ${r} * sizes.n`, column: (tile) => tile },
    sizes: { point: conv.rows * tiles },
    outShape: [z, conv.rows, tiles],
    outElement: 'f32',
    epilogue: undefined,
  };
  // Rates (GFLOP/s) refer to the direct convolution's operations.
  const product = { ...winogradProduct(inDomain, products, device), flops: gemmFlops(problem) };
  const [pixels, weights, sums] = [{ scratch: 0 }, { scratch: 1 }, { scratch: 2 }];
  return {
    steps: [
      { kernel: transformPixels(problem.label, plan, device, x), operands: [0, pixels] },
      { kernel: transformWeights(problem.label, plan, layout, constant, device, w), operands: [1, weights] },
      { kernel: product, operands: transposed ? [pixels, weights, sums] : [weights, pixels, sums] },
      {
        kernel: transformResults(problem, plan, device),
        operands: [sums, ...(problem.epilogue?.inputs ?? []), 'out'],
      },
    ],
    scratch: [
      textureWords(operandTexture(tileOperand(plan))),
      textureWords(operandTexture(kernelOperand(plan))),
      z * conv.rows * tiles,
    ],
  };
}
